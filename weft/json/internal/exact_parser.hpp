// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/exact_parser.hpp - a plain parser that says what is wrong, and where.
//
// It takes what simdjson takes, and makes the same tape of it, but for two differences: a number that is
// too big becomes a `Z`, and a surrogate without its other half is an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <weft/json/internal/document.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {

/// Spec: RFC 8259; the messages and their places are those of CPython 3.13's json.loads(), which
///       also takes NaN, Infinity and lone surrogates.
class ExactParser {
public:
    [[nodiscard]] std::expected<Tape, SyntaxFault> parse(std::string_view text,
                                                         std::size_t depth_max);

private:
    bool parse_value(std::size_t depth);
    bool parse_object(std::size_t depth);
    bool parse_array(std::size_t depth);
    bool parse_number();
    bool parse_string();
    bool parse_escape(std::size_t string_begin);
    bool parse_unicode_escape();
    bool parse_word(std::string_view word, char tag);

    bool fail(const char* what, std::size_t at);
    void skip_space();
    [[nodiscard]] bool is_next(char c) const { return at_ < text_.size() && text_[at_] == c; }
    bool take_digits();
    [[nodiscard]] bool read_hex(std::size_t at, std::uint32_t& code) const;

    void push(char tag, std::uint64_t payload = 0);
    void push_integer(std::string_view number);
    void push_text(std::string_view text, char tag);
    std::size_t open(char tag);
    void close(char tag, std::size_t opened, std::size_t items);

    std::string_view text_;
    std::size_t depth_max_ = 0;
    std::size_t at_ = 0;
    SyntaxFault fault_{};
    std::vector<std::uint64_t> words_;
    std::string strings_;
};

}  // namespace weft::json::internal
