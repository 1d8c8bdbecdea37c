// SPDX-License-Identifier: Apache-2.0
#include <weft/http/content_disposition.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/internal/ascii.hpp>
#include <weft/http/internal/parameters.hpp>
#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/utf8.hpp>

namespace weft::http {
namespace {

// RFC 8187 §3.2.1: all but attr-char.
constexpr internal::ByteSet extended_value_set = internal::ByteSet()
                                                     .with(0x00, 0xff)
                                                     .without(internal::letters)
                                                     .without(internal::digits)
                                                     .without("!#$&+-.^_`|~");

std::string utf8_of_latin1(std::string_view text) {
    std::string out;
    for (const char c : text) append_utf8(out, static_cast<std::uint8_t>(c));
    return out;
}

// RFC 8187 §3.2.1: CHARSET'LANGUAGE'VALUE.
std::optional<std::string> read_extended_value(std::string_view text) {
    const std::size_t first = text.find('\'');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = text.find('\'', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const std::string_view charset = text.substr(0, first);
    std::string value = internal::percent_decoded(text.substr(second + 1));
    if (equal_ignoring_case(charset, "ISO-8859-1"))
        value = utf8_of_latin1(value);
    else if (!equal_ignoring_case(charset, "UTF-8"))
        return std::nullopt;
    const bool is_text = value_prefix(value) == value.size() && is_utf8(value);
    return is_text ? std::optional(value) : std::nullopt;
}

bool is_simple(char c) noexcept {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

}  // namespace

std::expected<ContentDisposition, FieldError> ContentDisposition::parse(std::string_view text) {
    text = trimmed(text);
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view type = trimmed(text.substr(0, end));
    if (!is_token(type)) return std::unexpected(FieldError(FieldProblem::bad_disposition, text));
    ContentDisposition found{.type = internal::lower_case(type), .parameters = {}};
    if (!internal::read_parameters(found.parameters, text.substr(end), parameters_max,
                                   internal::Backslash::escapes_quotes)) {
        return std::unexpected(FieldError(FieldProblem::too_many_parameters, text));
    }
    return found;
}

std::optional<std::string> ContentDisposition::filename() const {
    if (const auto extended = parameters.get("filename*")) {
        if (auto name = read_extended_value(*extended)) return name;
    }
    const auto plain = parameters.get("filename");
    return plain ? std::optional<std::string>(*plain) : std::nullopt;
}

std::string content_disposition(std::string_view type, std::string_view filename) {
    if (!is_token(type)) throw ValueError(in_quotes(type) + " is no disposition, which is a token");
    if (value_prefix(filename) < filename.size()) {
        throw ValueError("the name of a file " + in_quotes(filename) + " holds a control byte");
    }
    if (!is_utf8(filename)) {
        throw ValueError("the name of a file " + in_quotes(filename) + " is no UTF-8");
    }
    std::string out(type);
    std::string simple(filename);
    std::ranges::replace_if(simple, [](char c) { return !is_simple(c); }, '_');
    out.append("; filename=\"").append(simple) += '"';
    if (simple == filename) return out;
    out += "; filename*=UTF-8''";
    internal::append_percent_encoded(out, filename, extended_value_set);
    return out;
}

}  // namespace weft::http
