// SPDX-License-Identifier: Apache-2.0
// The header Cookie, and the quotes that values may have.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <weft/http/cookie.hpp>
#include <weft/http/cookie_error.hpp>
#include <weft/http/internal/cookie_syntax.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

// Names in the header Cookie: what a token may hold, and what else servers have put there.
bool is_name_of_request(std::string_view name) noexcept {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != '\\';
    });
}

// What http.cookies leaves as it is; the second one within quotes only.
constexpr bool is_plain(char c) noexcept { return token_prefix({&c, 1}) == 1 || c == ':'; }
constexpr bool is_plain_in_quotes(char c) noexcept {
    return is_plain(c) || std::string_view(" ()/<=>?@[]{}").contains(c);
}

constexpr bool is_octal(char c, char highest) noexcept { return c >= '0' && c <= highest; }

}  // namespace

std::expected<MultiDict, CookieError> parse_cookie_header(std::string_view text,
                                                          CookieHeaderLimits limits) {
    MultiDict cookies;
    std::size_t parts = 0;
    while (!text.empty()) {
        const internal::CookiePair pair = internal::take_cookie_pair(text);
        if (++parts > limits.cookies_max) {
            return std::unexpected(internal::cookie_error(CookieFault::too_many_cookies, pair));
        }
        if (!pair.has_equals || !is_name_of_request(pair.name)) continue;
        if (value_prefix(pair.value) != pair.value.size()) continue;
        cookies.add(std::string(pair.name), unquote_cookie_value(pair.value));
    }
    return cookies;
}

std::string cookie_header(const MultiDict& cookies) {
    std::string out;
    for (const auto& [name, value] : cookies) {
        internal::judge_cookie_pair(name, value);
        if (!out.empty()) out += "; ";
        out.append(name).append("=").append(value);
    }
    return out;
}

std::string quote_cookie_value(std::string_view text) {
    if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        if (c == '"' || c == '\\') {
            out.append("\\").append(1, c);
        } else if (is_plain_in_quotes(c)) {
            out += c;
        } else {
            out += '\\';
            for (unsigned shift = 6;; shift -= 3) {
                out += static_cast<char>('0' + (byte >> shift & 7U));
                if (shift == 0) break;
            }
        }
    }
    return out + '"';
}

std::string unquote_cookie_value(std::string_view value) {
    if (value.size() < 2 || !value.starts_with('"') || !value.ends_with('"')) {
        return std::string(value);
    }
    const std::string_view text = value.substr(1, value.size() - 2);
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\' || at + 1 == text.size()) {
            out += text[at];
        } else if (at + 3 < text.size() && is_octal(text[at + 1], '3') &&
                   is_octal(text[at + 2], '7') && is_octal(text[at + 3], '7')) {
            out += static_cast<char>((text[at + 1] - '0') << 6 | (text[at + 2] - '0') << 3 |
                                     (text[at + 3] - '0'));
            at += 3;
        } else {
            out += text[++at];
        }
    }
    return out;
}

}  // namespace weft::http
