// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/decompressor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <ranges>
#include <span>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/base/check.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/internal/stage.hpp>

namespace weft::http {

using internal::Stage;

Decompressor::Decompressor(ContentCoding coding, const DecompressorOptions& options)
    : Decompressor(std::span(&coding, 1), options) {}

Decompressor::Decompressor(std::span<const ContentCoding> codings,
                           const DecompressorOptions& options)
    : limits_(options.limits) {
    check(limits_.ratio_max > 0, "a ratio of zero admits no content");
    for (const ContentCoding coding : codings | std::views::reverse) {
        if (coding != ContentCoding::identity) stages_.emplace_back(coding, options);
    }
}

Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;
Decompressor::~Decompressor() = default;

std::expected<std::size_t, CodingError> Decompressor::decompress_into(std::span<char> out,
                                                                      BytesView& data) {
    check(!out.empty(), "content needs room");
    std::span<char> left = out;
    if (stages_.empty()) {
        const std::size_t size = data.copy(out.data(), out.size());
        data.remove_prefix(size);
        return size;
    }
    const auto pulled = pull(stages_.size() - 1, left, data);
    const std::size_t written = out.size() - left.size();
    // An error comes again, and what came before it is given first.
    if (!pulled && written == 0) return std::unexpected(pulled.error());
    return written;
}

std::expected<Bytes, CodingError> Decompressor::decompress(BytesView& data, std::size_t bytes_max) {
    Bytes piece(bytes_max, '\0');
    const auto size = decompress_into(piece, data);
    if (!size) return std::unexpected(size.error());
    piece.resize(*size);
    if (*size < bytes_max / 2) piece.shrink_to_fit();
    return piece;
}

// Fills `out` from that stage, which takes from the one below, which is one level less.
std::expected<void, CodingError> Decompressor::pull(std::size_t level, std::span<char>& out,
                                                    BytesView& data) {
    Stage& stage = stages_[level];
    BytesView& input = level == 0 ? data : stage.input;
    for (;;) {
        if (const auto judged = judge_ratio(stage); !judged) return judged;
        const std::size_t came = input.size();
        const auto read = stage.read(out, input);
        if (level == 0) taken_ += came - input.size();
        if (!read || out.empty() || level == 0) return read;
        if (const auto filled = refill(level, data); !filled) return filled;
        if (input.empty()) return {};
    }
}

std::expected<void, CodingError> Decompressor::refill(std::size_t level, BytesView& data) {
    Stage& stage = stages_[level];
    if (!stage.buffer) stage.buffer = std::make_unique_for_overwrite<char[]>(Stage::buffer_bytes);
    std::span<char> room(stage.buffer.get(), Stage::buffer_bytes);
    const auto pulled = pull(level - 1, room, data);
    stage.input = {stage.buffer.get(), Stage::buffer_bytes - room.size()};
    if (stage.input.empty()) return pulled;
    return {};
}

// Against what came, not against what a stage took: two codings of 200 : 1 are 40,000 : 1.
std::expected<void, CodingError> Decompressor::judge_ratio(const Stage& stage) const {
    const std::uint64_t produced = stage.produced();
    if (produced <= limits_.ratio_free_bytes || (produced - 1) / limits_.ratio_max < taken_) {
        return {};
    }
    return std::unexpected(CodingError(CodingProblem::ratio_exceeded, name_of(stage.coding())));
}

bool Decompressor::is_complete() const noexcept {
    return std::ranges::all_of(
        stages_, [](const Stage& stage) { return stage.is_complete() && stage.input.empty(); });
}

std::expected<void, CodingError> Decompressor::finish() const {
    // In the order in which pull() comes upon them.
    for (const Stage& stage : stages_ | std::views::reverse) {
        if (const auto judged = judge_ratio(stage); !judged) return judged;
        if (stage.error()) return std::unexpected(*stage.error());
    }
    for (const Stage& stage : stages_) {
        if (!stage.is_complete() || !stage.input.empty()) {
            return std::unexpected(CodingError(CodingProblem::cut_off, name_of(stage.coding())));
        }
    }
    return {};
}

}  // namespace weft::http
