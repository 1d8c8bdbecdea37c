// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/internal/stage.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <source_location>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompressor.hpp>
#include <weft/http/body/internal/decoder.hpp>

namespace weft::http::internal {
namespace {

using namespace std::string_view_literals;

std::unique_ptr<Decoder> make_decoder(ContentCoding coding) {
    switch (coding) {
        case ContentCoding::gzip:
            return make_gzip_decoder();
        case ContentCoding::deflate:
            return make_deflate_decoder();
        case ContentCoding::br:
            return make_br_decoder();
        case ContentCoding::zstd:
            return make_zstd_decoder();
        case ContentCoding::identity:
            break;
    }
    broken_invariant("identity has no decoder", std::source_location::current());
}

// How many bytes tell that a member begins.
constexpr std::size_t magic_bytes(ContentCoding coding) noexcept {
    if (coding == ContentCoding::gzip) return 2;
    return coding == ContentCoding::zstd ? 4 : 0;
}

// Whether a member may begin with these bytes, of which there are at most so many.
bool may_begin_member(ContentCoding coding, BytesView head) noexcept {
    if (coding == ContentCoding::gzip) return "\x1f\x8b"sv.starts_with(head);
    // RFC 8878 §3.1.1 and §3.1.2: a frame, or one that is skipped. zstd itself may know formats of
    // its youth, too, which are no content coding.
    const bool is_skippable = (static_cast<std::uint8_t>(head[0]) & 0xf0) == 0x50 &&
                              "\x2a\x4d\x18"sv.starts_with(head.substr(1));
    return is_skippable || "\x28\xb5\x2f\xfd"sv.starts_with(head);
}

}  // namespace

Stage::Stage(ContentCoding coding, const DecompressorOptions& options)
    : coding_(coding),
      ignores_trailing_data_(options.ignore_trailing_data),
      bytes_max_(options.limits.bytes_max),
      members_max_(options.limits.members_max),
      decoder_(make_decoder(coding)) {}

std::expected<void, CodingError> Stage::read(std::span<char>& out, BytesView& data) {
    if (error_) return std::unexpected(*error_);
    while (!out.empty()) {
        const auto before = std::tuple(out.size(), data.size(), state_);
        if (const auto done = read_within_limit(out, data); !done) {
            error_.emplace(done.error().problem, name_of(coding_), done.error().reason);
            return std::unexpected(*error_);
        }
        if (before == std::tuple(out.size(), data.size(), state_)) return {};
    }
    return {};
}

// Once there is as much content as there may be, only the end may follow.
std::expected<void, DecodeFault> Stage::read_within_limit(std::span<char>& out, BytesView& data) {
    char one_too_many = 0;
    const bool is_full = produced_ == bytes_max_;
    const auto room =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), bytes_max_ - produced_));
    std::span<char> left = is_full ? std::span(&one_too_many, 1) : out.first(room);
    const auto done = advance(left, data);
    if (is_full) {
        if (left.empty()) return std::unexpected(DecodeFault{CodingProblem::too_large, {}});
        return done;
    }
    const std::size_t written = room - left.size();
    produced_ += written;
    out = out.subspan(written);
    return done;
}

std::expected<void, DecodeFault> Stage::advance(std::span<char>& out, BytesView& data) {
    if (state_ == State::between && !data.empty()) {
        if (const auto found = find_member(data); !found) return found;
    }
    if (state_ == State::trailing) data = {};
    if (state_ != State::member) return {};
    BytesView head(head_.data(), std::exchange(head_size_, 0));
    if (!head.empty()) {
        if (const auto begun = decode(out, head); !begun) return begun;
    }
    return decode(out, data);
}

// Afterwards `head_` holds what was taken of the member.
std::expected<void, DecodeFault> Stage::find_member(BytesView& data) {
    const bool is_first = members_ == 0;
    if (coding_ == ContentCoding::gzip && !is_first && head_size_ == 0) {
        data.remove_prefix(std::min(data.find_first_not_of('\0'), data.size()));
    }
    const std::size_t needed = magic_bytes(coding_);
    bool may_be_member = needed != 0 || is_first;
    while (may_be_member && head_size_ < needed) {
        if (data.empty()) return {};
        head_[head_size_++] = data.front();
        data.remove_prefix(1);
        may_be_member = may_begin_member(coding_, {head_.data(), head_size_});
    }
    if (may_be_member) return begin_member();
    if (is_first) {
        return std::unexpected(
            DecodeFault{CodingProblem::corrupt, "it does not begin with the mark of the format"});
    }
    if (!ignores_trailing_data_) {
        return std::unexpected(DecodeFault{CodingProblem::trailing_data, {}});
    }
    state_ = State::trailing;
    return {};
}

std::expected<void, DecodeFault> Stage::begin_member() {
    if (members_ == members_max_) {
        return std::unexpected(DecodeFault{CodingProblem::too_many_members, {}});
    }
    if (members_++ != 0) decoder_->reset();
    state_ = State::member;
    return {};
}

std::expected<void, DecodeFault> Stage::decode(std::span<char>& out, BytesView& data) {
    const auto is_over = decoder_->decode(out, data);
    if (!is_over) return std::unexpected(is_over.error());
    if (*is_over) state_ = State::between;
    return {};
}

// The beginning of a mark may be all that is left of a member, or what is to be ignored.
bool Stage::is_complete() const noexcept {
    if (error_ || state_ == State::member) return false;
    return head_size_ == 0 || (ignores_trailing_data_ && members_ > 0);
}

}  // namespace weft::http::internal
