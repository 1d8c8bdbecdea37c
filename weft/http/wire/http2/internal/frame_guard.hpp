// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/internal/frame_guard.hpp - looks at the head of each frame before libnghttp2
// does, and has limits that it lacks, or has in some of its versions only.
//
//   head (9 bytes) ──judged──▶ payload ──▶ head …
//                                 └ of padded data, the first byte tells how much of it is none
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>

namespace weft::http::wire::internal {

/// A frame that brings nothing costs one of a budget, which time and frames of messages refill: a
/// stream that is silent for days is still pinged.
class FrameGuard {
public:
    explicit FrameGuard(const H2Limits& limits) noexcept
        : limits_(limits), left_(limits.barren_frames_max) {}

    struct Passed {
        std::size_t bytes;                   ///< that libnghttp2 may see
        std::optional<H2Problem> problem{};  ///< of the frame behind them
    };
    /// Follows `data`, which continues what it was given before.
    [[nodiscard]] Passed pass(BytesView data, TimePoint now) noexcept;

    /// A frame of a message was sent, which the peer may answer with one that brings nothing.
    void frame_sent() noexcept { give_back(); }

private:
    [[nodiscard]] std::size_t take_head(BytesView data) noexcept;
    [[nodiscard]] std::optional<H2Problem> judge_head() noexcept;
    void judge_padding(std::uint8_t padding) noexcept;
    void refill(TimePoint now) noexcept;
    void give_back() noexcept;
    [[nodiscard]] std::uint8_t type() const noexcept { return head_[3]; }
    [[nodiscard]] std::uint8_t flags() const noexcept { return head_[4]; }
    [[nodiscard]] std::size_t length() const noexcept;

    H2Limits limits_;
    std::array<std::uint8_t, 9> head_{};
    std::size_t head_size_ = 0;
    std::size_t payload_left_ = 0;
    bool wants_padding_ = false;
    std::size_t continuations_ = 0;
    std::size_t left_;  // of the budget
    std::optional<TimePoint> refilled_at_;
};

}  // namespace weft::http::wire::internal
