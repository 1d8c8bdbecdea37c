// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/parameters.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/http/internal/ascii.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http::internal {
namespace {

// Takes what is before the first of `ends`, which stays.
std::string_view take_until(std::string_view& text, std::string_view ends) noexcept {
    const std::size_t size = std::min(text.find_first_of(ends), text.size());
    const std::string_view taken = text.substr(0, size);
    text.remove_prefix(size);
    return taken;
}

// Takes a quoted string, the quotes included; the last one may be missing.
std::string take_quoted(std::string_view& text, Backslash backslash) {
    std::string value;
    text.remove_prefix(1);
    while (!text.empty()) {
        value += take_until(text, "\"\\");
        if (text.empty()) break;
        const char mark = text.front();
        text.remove_prefix(1);
        if (mark == '"') break;
        const bool escapes = !text.empty() && (backslash == Backslash::escapes_any ||
                                               text.front() == '"' || text.front() == '\\');
        value += escapes ? text.front() : mark;
        if (escapes) text.remove_prefix(1);
    }
    return value;
}

// Takes a value up to the `;` behind it.
std::string take_value(std::string_view& text, Backslash backslash) {
    if (!text.starts_with('"')) return std::string(trimmed(take_until(text, ";")));
    std::string value = take_quoted(text, backslash);
    take_until(text, ";");
    return value;
}

}  // namespace

bool read_parameters(MultiDict& out, std::string_view text, std::size_t parameters_max,
                     Backslash backslash) {
    std::size_t count = 0;
    while (!text.empty()) {
        text.remove_prefix(1);
        const std::string_view name = trimmed(take_until(text, ";="));
        if (!text.starts_with('=')) continue;
        if (++count > parameters_max) return false;
        text.remove_prefix(1);
        const bool is_quoted = text.starts_with('"');
        std::string value = take_value(text, backslash);
        if (!is_token(name) || value_prefix(value) < value.size()) continue;
        if (value.empty() && !is_quoted) continue;
        out.add(lower_case(name), std::move(value));
    }
    return true;
}

void append_parameter(std::string& out, std::string_view name, std::string_view value) {
    if (!is_token(name)) throw ValueError(in_quotes(name) + " is not the name of a parameter");
    if (value_prefix(value) < value.size()) {
        throw ValueError("the parameter " + in_quotes(name) + " holds a control byte");
    }
    out.append("; ").append(name) += '=';
    if (is_token(value)) {
        out += value;
        return;
    }
    out += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace weft::http::internal
