// SPDX-License-Identifier: Apache-2.0
// tests/soak/pattern.hpp - bytes that tell where they belong.
//
// An endless text of 64 letters, one of them the newline, that repeats itself after a prime number
// of them: no piece of a usual size is like the one before, so that what is lost, doubled or
// another's is found out.
#pragma once

#include <cstddef>
#include <utility>

#include <weft/base/bytes.hpp>

namespace weft::soak {

/// The longest piece that there is at once.
inline constexpr std::size_t piece_bytes_max = 256 * 1024;

[[nodiscard]] BytesView pattern(std::size_t position, std::size_t count);
/// Any length.
[[nodiscard]] bool is_pattern(BytesView data, std::size_t position);

/// Checks what arrives, piece by piece.
class Arrival {
public:
    /// `first` is the position at which the text begins.
    explicit Arrival(std::size_t first) : first_(first) {}

    void take(BytesView data) {
        is_right_ = is_right_ && is_pattern(data, first_ + bytes_);
        bytes_ += data.size();
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] bool is_right() const noexcept { return is_right_; }

private:
    std::size_t first_;
    std::size_t bytes_ = 0;
    bool is_right_ = true;
};

}  // namespace weft::soak
