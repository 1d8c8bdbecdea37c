// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/websocket_reader.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/websocket/inflater.hpp>
#include <weft/http/wire/websocket/internal/close_code.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/utf8_validator.hpp>
#include <weft/http/wire/websocket/websocket_error.hpp>
#include <weft/http/wire/websocket/websocket_frame.hpp>
#include <weft/http/ws_message.hpp>

namespace weft::http::wire {
namespace {

constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t compressed_bit = 0x40;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::size_t mask_bytes = 4;

// Compressed bytes are unmasked through a buffer of this size.
constexpr std::size_t block_bytes = 4096;

std::unexpected<WSError> wrong(WSProblem problem, std::uint64_t value = 0) {
    return std::unexpected(WSError{.problem = problem, .value = value});
}

constexpr std::size_t extra_length_bytes(std::uint8_t short_length) noexcept {
    return short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
}

constexpr bool is_known(std::uint8_t opcode) noexcept { return (opcode & 7) <= 2; }

// What cannot be compressed gets a little longer: five bytes for each block of deflate.
constexpr std::uint64_t compressed_bytes_max(std::uint64_t message_bytes_max) noexcept {
    return message_bytes_max + message_bytes_max / 1024 + 64;
}

std::optional<internal::Inflater> make_inflater(WSRole role,
                                                const std::optional<DeflateParams>& deflate) {
    if (!deflate) return std::nullopt;
    return internal::Inflater(!(role == WSRole::client ? deflate->server_no_context_takeover
                                                       : deflate->client_no_context_takeover));
}

}  // namespace

WebSocketReader::WebSocketReader(WSRole role, const WSLimits& limits,
                                 const std::optional<DeflateParams>& deflate)
    : role_(role), limits_(limits), inflater_(make_inflater(role, deflate)) {}

std::expected<WSStep, WSError> WebSocketReader::next(BytesView data) {
    if (error_) return std::unexpected(*error_);
    const std::size_t fed = data.size();
    auto found = advance(data);
    if (!found) {
        error_ = found.error();
        return std::unexpected(*error_);
    }
    return WSStep{.used = fed - data.size(), .message = std::move(*found)};
}

WebSocketReader::Found WebSocketReader::advance(BytesView& data) {
    while (stage_ != Stage::closed) {
        if (stage_ == Stage::head) {
            const auto is_there = take_head(data);
            if (!is_there) return std::unexpected(is_there.error());
            if (!*is_there) return std::nullopt;
            begin_frame();
            stage_ = Stage::payload;
        }
        if (const auto taken = take_payload(data); !taken) return std::unexpected(taken.error());
        if (left_ > 0) return std::nullopt;
        stage_ = Stage::head;
        head_size_ = 0;
        auto found = end_frame();
        if (!found || *found) return found;
    }
    return std::nullopt;
}

// ---- heads

// Returns: whether so many bytes of the head are there.
bool WebSocketReader::fill_head(BytesView& data, std::size_t size) noexcept {
    while (head_size_ < size && !data.empty()) {
        head_[head_size_++] = static_cast<std::uint8_t>(data.front());
        data.remove_prefix(1);
    }
    return head_size_ >= size;
}

// Returns: whether the head is complete.
std::expected<bool, WSError> WebSocketReader::take_head(BytesView& data) {
    if (!fill_head(data, 2)) return false;
    if (const auto judged = judge_first_bytes(); !judged) return std::unexpected(judged.error());
    const std::size_t length_end = 2 + extra_length_bytes(short_length());
    if (!fill_head(data, length_end)) return false;
    if (const auto judged = judge_length(); !judged) return std::unexpected(judged.error());
    return fill_head(data, length_end + (role_ == WSRole::server ? mask_bytes : 0));
}

WebSocketReader::Judged WebSocketReader::judge_first_bytes() const {
    const std::uint8_t bits = head_[0] & reserved_bits;
    if (bits != 0 && (bits != compressed_bit || !inflater_)) {
        return wrong(WSProblem::reserved_bits, bits >> 4U);
    }
    if (!is_known(opcode())) return wrong(WSProblem::reserved_opcode, opcode());
    const bool begins_message = opcode() == static_cast<std::uint8_t>(WSMsgType::text) ||
                                opcode() == static_cast<std::uint8_t>(WSMsgType::binary);
    if (bits != 0 && !begins_message) return wrong(WSProblem::compressed_control, opcode());
    const bool is_masked = (head_[1] & mask_bit) != 0;
    if (role_ == WSRole::server && !is_masked) return wrong(WSProblem::not_masked);
    if (role_ == WSRole::client && is_masked) return wrong(WSProblem::masked);
    if (is_control() && !is_final()) return wrong(WSProblem::fragmented_control, opcode());
    if (is_control() && short_length() > WSFrame::control_bytes_max) {
        return wrong(WSProblem::long_control, opcode());
    }
    if (begins_message && type_) return wrong(WSProblem::message_not_over);
    if (opcode() == WSFrame::continuation && !type_) return wrong(WSProblem::nothing_to_continue);
    return {};
}

std::uint64_t WebSocketReader::length() const noexcept {
    const std::size_t extra = extra_length_bytes(short_length());
    if (extra == 0) return short_length();
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8U | head_[2 + i];
    return length;
}

// What a frame announces is judged before it comes.
WebSocketReader::Judged WebSocketReader::judge_length() const {
    const std::size_t extra = extra_length_bytes(short_length());
    if (length() >> 63U != 0) return wrong(WSProblem::length_over_63_bits);
    if ((extra == 2 && length() < 126) || (extra == 8 && length() <= 0xffff)) {
        return wrong(WSProblem::length_not_minimal, length());
    }
    if (is_control()) return {};
    if (fragments_ == limits_.fragments_max) {
        return wrong(WSProblem::too_many_fragments, limits_.fragments_max);
    }
    const bool is_compressed = type_ ? is_compressed_ : (head_[0] & compressed_bit) != 0;
    const std::uint64_t bytes_max =
        is_compressed ? compressed_bytes_max(limits_.message_bytes_max) : limits_.message_bytes_max;
    if (length() > bytes_max - wire_bytes_) {
        return wrong(WSProblem::message_too_big, limits_.message_bytes_max);
    }
    return {};
}

void WebSocketReader::begin_frame() noexcept {
    taken_ = 0;
    left_ = length();
    if (role_ == WSRole::server) {
        std::copy_n(head_.begin() + 2 + extra_length_bytes(short_length()), mask_bytes,
                    mask_.begin());
    }
    if (is_control()) return;
    if (!type_) {
        type_ = static_cast<WSMsgType>(opcode());
        is_compressed_ = (head_[0] & compressed_bit) != 0;
    }
    ++fragments_;
    wire_bytes_ += left_;
}

// ---- payloads

WebSocketReader::Judged WebSocketReader::take_payload(BytesView& data) {
    const BytesView piece = data.substr(0, std::min<std::uint64_t>(left_, data.size()));
    if (piece.empty()) return {};
    data.remove_prefix(piece.size());
    const auto taken = !is_control() && is_compressed_ ? take_compressed(piece) : take_data(piece);
    taken_ += piece.size();
    left_ -= piece.size();
    return taken;
}

WebSocketReader::Judged WebSocketReader::take_data(BytesView piece) {
    Bytes& out = is_control() ? control_ : message_;
    const std::size_t known = out.size();
    const std::size_t size = known + piece.size();
    // Not the size that the function is told: libstdc++ 12 tells the capacity.
    out.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
        if (role_ == WSRole::server) {
            apply_mask(bytes + known, piece.data(), piece.size(), mask_, taken_);
        } else {
            std::ranges::copy(piece, bytes + known);
        }
        return size;
    });
    if (is_control() || type_ != WSMsgType::text) return {};
    if (!text_.feed(BytesView(message_).substr(known))) return wrong(WSProblem::bad_utf8);
    return {};
}

WebSocketReader::Judged WebSocketReader::take_compressed(BytesView piece) {
    std::array<char, block_bytes> block;
    for (std::size_t at = 0; at < piece.size(); at += block.size()) {
        BytesView part = piece.substr(at, block.size());
        if (role_ == WSRole::server) {
            apply_mask(block.data(), part.data(), part.size(), mask_, taken_ + at);
            part = {block.data(), part.size()};
        }
        const std::size_t known = message_.size();
        const auto result = inflater_->feed(part, message_, limits_.message_bytes_max);
        if (const auto judged = inflated(result, known); !judged) return judged;
    }
    return {};
}

WebSocketReader::Judged WebSocketReader::inflated(internal::Inflater::Result result,
                                                  std::size_t known) {
    // The text before the byte at fault comes first, so that cuts make no difference.
    if (type_ == WSMsgType::text && !text_.feed(BytesView(message_).substr(known))) {
        return wrong(WSProblem::bad_utf8);
    }
    switch (result) {
        case internal::Inflater::Result::ok:
            return {};
        case internal::Inflater::Result::bad:
            return wrong(WSProblem::bad_compression);
        case internal::Inflater::Result::too_much:
            break;
    }
    return wrong(WSProblem::message_too_big, limits_.message_bytes_max);
}

// ---- ends

WebSocketReader::Found WebSocketReader::end_frame() {
    if (is_control()) return end_control();
    if (!is_final()) return std::nullopt;
    return end_message();
}

WebSocketReader::Found WebSocketReader::end_message() {
    // zlib writes nothing for nothing, and some send it as it is; there is nothing to end then.
    if (is_compressed_ && wire_bytes_ > 0) {
        const std::size_t known = message_.size();
        const auto result = inflater_->finish(message_, limits_.message_bytes_max);
        if (const auto judged = inflated(result, known); !judged) {
            return std::unexpected(judged.error());
        }
    }
    if (type_ == WSMsgType::text && !text_.is_complete()) return wrong(WSProblem::bad_utf8);
    WSMessage message{.type = *type_, .data = std::exchange(message_, Bytes())};
    type_.reset();
    wire_bytes_ = 0;
    fragments_ = 0;
    return message;
}

WebSocketReader::Found WebSocketReader::end_control() {
    WSMessage message{.type = static_cast<WSMsgType>(opcode()),
                      .data = std::exchange(control_, Bytes())};
    if (message.type != WSMsgType::close) return message;
    if (message.data.size() == 1) return wrong(WSProblem::bad_close_length);
    if (!message.data.empty()) {
        const auto code =
            static_cast<std::uint16_t>(static_cast<std::uint8_t>(message.data[0]) << 8U |
                                       static_cast<std::uint8_t>(message.data[1]));
        message.close_code = static_cast<WSCloseCode>(code);
        message.data.erase(0, 2);
        if (!internal::may_be_sent(message.close_code)) {
            return wrong(WSProblem::bad_close_code, code);
        }
        if (!internal::is_utf8(message.data)) return wrong(WSProblem::bad_utf8);
    }
    stage_ = Stage::closed;
    return message;
}

}  // namespace weft::http::wire
