// SPDX-License-Identifier: Apache-2.0
// weft/testing/choices.hpp - where a test that makes things up takes its decisions from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace weft::testing {

class Choices {
public:
    Choices() = default;
    Choices(const Choices&) = delete;
    Choices& operator=(const Choices&) = delete;
    virtual ~Choices() = default;

    /// One of 0 to end - 1; `end` is 256 at most.
    virtual int below(int end) = 0;
    /// Whether all that is left to choose is 0.
    [[nodiscard]] virtual bool empty() const noexcept = 0;
};

/// As many as are asked for; the same for the same seed.
class SeededChoices final : public Choices {
public:
    explicit SeededChoices(std::uint64_t seed) : engine_(seed) {}
    int below(int end) override {
        return static_cast<int>(engine_() % static_cast<std::uint64_t>(end));
    }
    [[nodiscard]] bool empty() const noexcept override { return false; }

private:
    std::mt19937_64 engine_;
};

/// A fuzzer's input: each byte is a choice.
class ByteChoices final : public Choices {
public:
    ByteChoices(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
    int below(int end) override {
        if (bytes_.empty()) return 0;
        const int byte = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return byte % end;
    }
    [[nodiscard]] bool empty() const noexcept override { return bytes_.empty(); }

private:
    std::span<const std::uint8_t> bytes_;
};

}  // namespace weft::testing
