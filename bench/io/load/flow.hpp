// SPDX-License-Identifier: Apache-2.0
// bench/io/load/flow.hpp - a connection that is written to and read from as fast as both go.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <bench/io/load/line.hpp>
#include <bench/io/load/server.hpp>

namespace load {

// What is sent must come back: one direction is written and the other read.
class Flow {
public:
    Flow(const Server& server, const std::string& pattern) : line_(server, 0), pattern_(pattern) {}

    static constexpr std::size_t block_bytes = 64 * 1024;
    static constexpr std::size_t period = 65521;  // a prime: no block begins like the one before
    static std::string make_pattern() {
        std::string letters(period + block_bytes, ' ');
        std::uint32_t random = 12345;
        for (std::size_t i = 0; i < letters.size(); ++i) {
            random = random * 1664525 + 1013904223;
            letters[i] = i < period ? static_cast<char>('a' + (random >> 28)) : letters[i - period];
        }
        return letters;
    }

    void write() {
        const std::string_view block(pattern_.data() + sent_ % period, block_bytes);
        sent_ += line_.send(block).value_or(0);
    }
    // How much came.
    std::size_t read() {
        std::array<char, block_bytes> piece;
        const std::size_t size = line_.receive(piece).value_or(0);
        const char* expected = pattern_.data() + received_ % period;
        if (std::memcmp(piece.data(), expected, size) != 0) fail("the bytes are not what was sent");
        received_ += size;
        return size;
    }
    [[nodiscard]] bool is_even() const noexcept { return sent_ == received_; }

private:
    Line line_;
    const std::string& pattern_;
    std::size_t sent_ = 0;
    std::size_t received_ = 0;
};

}  // namespace load
