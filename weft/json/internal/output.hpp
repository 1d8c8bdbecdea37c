// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/output.hpp - JSON at the end of a string, which is written in place.
//
// Between `at_` and `end_` the string has room that does not count yet: what is written first and
// measured later needs no copy.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weft::json::internal {

class Output {
public:
    explicit Output(std::string& out) : out_(out), begin_(out.size()) { point_to(out.size()); }
    /// Unless finish() was called, the string is what it was.
    ~Output() {
        if (!is_finished_) out_.resize(begin_);
    }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    void finish() {
        out_.resize(size());
        is_finished_ = true;
    }

    /// Of all of the string, as it will be.
    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(at_ - out_.data());
    }

    void put_text(std::string_view text) {
        std::memcpy(room(text.size()), text.data(), text.size());
        at_ += text.size();
    }
    /// `,"name":`; of the first one, the comma becomes the brace.
    template <bool IsFirst, std::size_t N>
    void put_label(const std::array<char, N>& label) {
        std::memcpy(room(N), label.data(), N);
        if (IsFirst) *at_ = '{';
        at_ += N;
    }
    void put(char c) {
        *room(1) = c;
        ++at_;
    }
    /// Takes the last byte back.
    void unput() { --at_; }

    /// Between quotes, escaped as Python does with ensure_ascii=False.
    /// Errors: ValueError   it is no UTF-8.
    void put_string(std::string_view text);
    /// As Python's repr(): the fewest digits that give the same number.
    /// Errors: ValueError   it is NaN or infinite.
    void put_double(double value);
    void put_float(float value);
    template <std::integral N>
    void put_integer(N value) {
        if (value < 0) {
            put('-');
            put_digits(0 - static_cast<std::uint64_t>(value));
        } else {
            put_digits(static_cast<std::uint64_t>(value));
        }
    }

private:
    char* room(std::size_t bytes) {
        if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]]
            grow(bytes);
        return at_;
    }
    void grow(std::size_t bytes);
    void point_to(std::size_t size) {
        at_ = out_.data() + size;
        end_ = out_.data() + out_.size();
    }
    void put_digits(std::uint64_t value);
    void put_escaped(std::string_view text);
    void put_escape(char c);
    void put_millionths(std::uint64_t millionths);
    char* begin_number(bool is_negative);

    std::string& out_;
    const std::size_t begin_;
    char* at_;
    char* end_;
    bool is_finished_ = false;
};

/// The same as put_double(), as a text.
[[nodiscard]] std::string double_text(double value);

}  // namespace weft::json::internal
