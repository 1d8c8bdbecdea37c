// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/exact_parser.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <string_view>
#include <system_error>

#include <weft/json/internal/document.hpp>
#include <weft/json/internal/numbers.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/internal/utf8.hpp>

namespace weft::json::internal {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_high_surrogate(std::uint32_t code) { return code >= 0xd800 && code < 0xdc00; }
bool is_low_surrogate(std::uint32_t code) { return code >= 0xdc00 && code < 0xe000; }

}  // namespace

std::expected<Tape, SyntaxFault> ExactParser::parse(std::string_view text, std::size_t depth_max) {
    text_ = text;
    depth_max_ = depth_max;
    at_ = 0;
    words_.clear();
    strings_.clear();
    if (const std::size_t good = utf8_prefix(text); good < text.size()) {
        return std::unexpected(SyntaxFault{not_utf8, good});
    }
    skip_space();
    if (!parse_value(0)) return std::unexpected(fault_);
    skip_space();
    if (at_ < text_.size()) return std::unexpected(SyntaxFault{"Extra data", at_});
    return Tape{words_.data(), strings_.data(), words_.data()};
}

bool ExactParser::parse_value(std::size_t depth) {
    if (at_ == text_.size()) return fail("Expecting value", at_);
    switch (text_[at_]) {
        case '{':
            return parse_object(depth + 1);
        case '[':
            return parse_array(depth + 1);
        case '"':
            return parse_string();
        case 't':
            return parse_word("true", 't');
        case 'f':
            return parse_word("false", 'f');
        case 'n':
            return parse_word("null", 'n');
        default:
            return parse_number();
    }
}

bool ExactParser::parse_object(std::size_t depth) {
    if (depth > depth_max_) return fail("recursion limit exceeded", at_);
    const std::size_t opened = open('{');
    std::size_t items = 0;
    skip_space();
    while (!is_next('}')) {
        if (!is_next('"')) return fail("Expecting property name enclosed in double quotes", at_);
        if (!parse_string()) return false;
        skip_space();
        if (!is_next(':')) return fail("Expecting ':' delimiter", at_);
        ++at_;
        skip_space();
        if (!parse_value(depth)) return false;
        ++items;
        skip_space();
        if (is_next('}')) break;
        if (!is_next(',')) return fail("Expecting ',' delimiter", at_);
        const std::size_t comma = at_++;
        skip_space();
        if (is_next('}')) return fail("Illegal trailing comma before end of object", comma);
    }
    close('}', opened, items);
    return true;
}

bool ExactParser::parse_array(std::size_t depth) {
    if (depth > depth_max_) return fail("recursion limit exceeded", at_);
    const std::size_t opened = open('[');
    std::size_t items = 0;
    skip_space();
    while (!is_next(']')) {
        if (!parse_value(depth)) return false;
        ++items;
        skip_space();
        if (is_next(']')) break;
        if (!is_next(',')) return fail("Expecting ',' delimiter", at_);
        const std::size_t comma = at_++;
        skip_space();
        if (is_next(']')) return fail("Illegal trailing comma before end of array", comma);
    }
    close(']', opened, items);
    return true;
}

// As CPython, it takes what is a number and leaves the rest: `01` is a 0, and a 1 that nobody
// expects.
bool ExactParser::parse_number() {
    const std::size_t begin = at_;
    if (is_next('-')) ++at_;
    if (is_next('0')) {
        ++at_;
    } else if (!take_digits()) {
        at_ = begin;
        return fail("Expecting value", at_);
    }
    const std::size_t integer_end = at_;
    if (is_next('.')) {
        ++at_;
        if (!take_digits()) at_ = integer_end;
    }
    if (const std::size_t mantissa_end = at_; is_next('e') || is_next('E')) {
        ++at_;
        if (is_next('+') || is_next('-')) ++at_;
        if (!take_digits()) at_ = mantissa_end;
    }
    const std::string_view number = text_.substr(begin, at_ - begin);
    if (at_ == integer_end) {
        push_integer(number);
        return true;
    }
    const double value = decimal_to_double(number);
    if (std::isfinite(value)) {
        push('d');
        words_.push_back(std::bit_cast<std::uint64_t>(value));
    } else {
        push_text(number, 'Z');
    }
    return true;
}

void ExactParser::push_integer(std::string_view number) {
    const char* const end = number.data() + number.size();
    std::int64_t value = 0;
    if (std::from_chars(number.data(), end, value).ec == std::errc()) {
        push('l');
        words_.push_back(static_cast<std::uint64_t>(value));
        return;
    }
    std::uint64_t large = 0;
    if (std::from_chars(number.data(), end, large).ec == std::errc()) {
        push('u');
        words_.push_back(large);
        return;
    }
    push_text(number, 'Z');
}

bool ExactParser::parse_string() {
    const std::size_t begin = at_++;
    push('"', strings_.size());
    const std::size_t string = strings_.size();
    strings_.append(sizeof(std::uint32_t), '\0');
    for (;;) {
        const std::size_t run = at_;
        while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
               static_cast<unsigned char>(text_[at_]) >= 0x20) {
            ++at_;
        }
        strings_.append(text_, run, at_ - run);
        if (at_ == text_.size()) return fail("Unterminated string starting at", begin);
        if (text_[at_] == '"') break;
        if (text_[at_] != '\\') return fail("Invalid control character at", at_);
        if (!parse_escape(begin)) return false;
    }
    ++at_;
    const auto size = static_cast<std::uint32_t>(strings_.size() - string - sizeof(std::uint32_t));
    std::memcpy(strings_.data() + string, &size, sizeof size);
    strings_ += '\0';
    return true;
}

bool ExactParser::parse_escape(std::size_t string_begin) {
    if (at_ + 1 == text_.size()) return fail("Unterminated string starting at", string_begin);
    constexpr std::string_view escapes = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char escape = text_[at_ + 1];
    if (escape == 'u') return parse_unicode_escape();
    const std::size_t which = escapes.find(escape);
    if (which == escapes.npos) return fail("Invalid \\escape", at_);
    strings_ += meanings[which];
    at_ += 2;
    return true;
}

bool ExactParser::parse_unicode_escape() {
    constexpr const char* invalid = "Invalid \\uXXXX escape";
    constexpr std::size_t escape_size = 6;
    const std::size_t u = at_ + 1;
    std::uint32_t code = 0;
    if (!read_hex(u + 1, code)) return fail(invalid, u);
    at_ += escape_size;
    if (is_high_surrogate(code)) {
        std::uint32_t low = 0;
        if (!text_.substr(at_).starts_with("\\u")) return fail(invalid, u);
        if (!read_hex(at_ + 2, low)) return fail(invalid, at_ + 1);
        if (!is_low_surrogate(low)) return fail(invalid, u);
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at_ += escape_size;
    } else if (is_low_surrogate(code)) {
        return fail(invalid, u);
    }
    append_utf8(strings_, code);
    return true;
}

// As CPython, it wants one more byte behind the four digits.
bool ExactParser::read_hex(std::size_t at, std::uint32_t& code) const {
    constexpr std::size_t digits = 4;
    if (at + digits >= text_.size()) return false;
    const char* const end = text_.data() + at + digits;
    return std::from_chars(text_.data() + at, end, code, 16).ptr == end;
}

bool ExactParser::parse_word(std::string_view word, char tag) {
    if (!text_.substr(at_).starts_with(word)) return fail("Expecting value", at_);
    at_ += word.size();
    push(tag);
    return true;
}

bool ExactParser::fail(const char* what, std::size_t at) {
    fault_ = {what, at};
    return false;
}

void ExactParser::skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool ExactParser::take_digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > begin;
}

void ExactParser::push(char tag, std::uint64_t payload) {
    words_.push_back((static_cast<std::uint64_t>(tag) << 56) | payload);
}

void ExactParser::push_text(std::string_view text, char tag) {
    push(tag, strings_.size());
    const auto size = static_cast<std::uint32_t>(text.size());
    strings_.append(reinterpret_cast<const char*>(&size), sizeof size);
    strings_ += text;
    strings_ += '\0';
}

std::size_t ExactParser::open(char tag) {
    ++at_;
    push(tag);
    return words_.size() - 1;
}

void ExactParser::close(char tag, std::size_t opened, std::size_t items) {
    ++at_;
    push(tag, opened);
    const std::uint64_t shown = std::min<std::uint64_t>(items, items_max);
    words_[opened] |= (shown << 32) | words_.size();
}

}  // namespace weft::json::internal
