// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http2/internal/frame_guard.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <nghttp2/nghttp2.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/wire/http2/http2_error.hpp>

namespace weft::http::wire::internal {

FrameGuard::Passed FrameGuard::pass(BytesView data, TimePoint now) noexcept {
    refill(now);
    std::size_t at = 0;
    while (at < data.size()) {
        if (payload_left_ == 0) {
            at += take_head(data.substr(at));
            if (head_size_ < head_.size()) break;
            head_size_ = 0;
            payload_left_ = length();
            // Without the last byte of its head, libnghttp2 cannot act upon the frame.
            if (const auto problem = judge_head()) return {.bytes = at - 1, .problem = problem};
            continue;
        }
        if (wants_padding_) judge_padding(static_cast<std::uint8_t>(data[at]));
        const std::size_t size = std::min(payload_left_, data.size() - at);
        payload_left_ -= size;
        at += size;
    }
    return {.bytes = data.size()};
}

std::size_t FrameGuard::take_head(BytesView data) noexcept {
    const std::size_t size = std::min(head_.size() - head_size_, data.size());
    std::ranges::copy(data.substr(0, size), head_.begin() + head_size_);
    head_size_ += size;
    return size;
}

std::size_t FrameGuard::length() const noexcept {
    return std::size_t{head_[0]} << 16U | std::size_t{head_[1]} << 8U | std::size_t{head_[2]};
}

std::optional<H2Problem> FrameGuard::judge_head() noexcept {
    if (type() == NGHTTP2_CONTINUATION) {
        const bool is_allowed = ++continuations_ <= limits_.continuations_max;
        return is_allowed ? std::nullopt : std::optional(H2Problem::too_many_continuations);
    }
    continuations_ = 0;
    // libnghttp2 lets it pass until the peer has acknowledged that it must not.
    if (type() == NGHTTP2_PUSH_PROMISE) return H2Problem::pushed_stream;
    // Servers send two of them for some KiB of a body that they have read, and nothing answers them.
    if (type() == NGHTTP2_WINDOW_UPDATE) return std::nullopt;
    if (left_ == 0) return H2Problem::too_many_barren_frames;
    --left_;
    const bool is_data = type() == NGHTTP2_DATA;
    wants_padding_ = is_data && (flags() & NGHTTP2_FLAG_PADDED) != 0 && length() > 0;
    const bool is_end = is_data && (flags() & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool has_data = is_data && length() > 0 && !wants_padding_;
    if (type() == NGHTTP2_HEADERS || is_end || has_data) give_back();
    return std::nullopt;
}

void FrameGuard::judge_padding(std::uint8_t padding) noexcept {
    wants_padding_ = false;
    if (length() > 1U + padding) give_back();
}

void FrameGuard::give_back() noexcept {
    constexpr std::size_t frames = 2;  // itself, and one that comes with it
    left_ = std::min(limits_.barren_frames_max, left_ + frames);
}

void FrameGuard::refill(TimePoint now) noexcept {
    if (!refilled_at_) refilled_at_ = now;
    if (limits_.barren_frames_per_second == 0) return;
    const Nanoseconds each = Nanoseconds(std::chrono::seconds(1)) /
                             static_cast<std::int64_t>(limits_.barren_frames_per_second);
    const auto frames = (now - *refilled_at_) / each;
    if (frames <= 0) return;
    *refilled_at_ += each * frames;
    left_ = std::min(limits_.barren_frames_max, left_ + static_cast<std::size_t>(frames));
}

}  // namespace weft::http::wire::internal
