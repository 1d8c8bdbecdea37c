// SPDX-License-Identifier: Apache-2.0
// Reads lines `TASK HEX`, and writes what weft makes of the bytes, a line of hexadecimal digits
// each:
//
//   quote, unquote     a value
//   cookie             the pairs of a Cookie header, as NAME=VALUE with a null byte behind each
//   set-cookie         the header that was read, written again; empty where it is refused
//   jar                what a jar that has loaded such a text dumps, on the 1st of January 2000
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/cookie.hpp>
#include <weft/http/cookie_jar.hpp>

namespace {

using namespace weft::http;

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::string from_hex(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        out += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
    }
    return out;
}

std::string pairs_in(std::string_view text) {
    std::string out;
    const auto cookies = parse_cookie_header(text);
    if (!cookies) return out;
    for (const auto& [name, value] : *cookies) {
        out.append(name).append("=").append(value).append(1, '\0');
    }
    return out;
}

std::string set_cookie_again(std::string_view text) {
    const auto cookie = parse_set_cookie(text);
    return cookie ? set_cookie_header(*cookie) : "";
}

std::string jar_again(std::string_view text) {
    CookieJar jar({.clock = [] {
        return CookieTime(std::chrono::sys_days(std::chrono::year(2000) / 1 / 1));
    }});
    jar.loads(text);
    return jar.dumps();
}

std::string answer(std::string_view task, std::string_view data) {
    if (task == "quote") return quote_cookie_value(data);
    if (task == "unquote") return unquote_cookie_value(data);
    if (task == "cookie") return pairs_in(data);
    if (task == "set-cookie") return set_cookie_again(data);
    if (task == "jar") return jar_again(data);
    throw weft::ValueError("no such task: " + std::string(task));
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        const std::size_t space = line.find(' ');
        const std::string data = from_hex(std::string_view(line).substr(space + 1));
        std::puts(hex(answer(std::string_view(line).substr(0, space), data)).c_str());
    }
}
