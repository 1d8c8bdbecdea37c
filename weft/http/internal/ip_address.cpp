// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/ip_address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/http/internal/percent_encoding.hpp>

namespace weft::http::internal {
namespace {

// More than any part of an address holds; larger numbers stop here, so that none overflows.
constexpr std::uint64_t too_large = std::uint64_t{1} << 32U;

std::string_view without_last_dot(std::string_view domain) noexcept {
    if (domain.ends_with('.')) domain.remove_suffix(1);
    return domain;
}

bool is_decimal(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A number in any of the three notations; `0x` is zero.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
    if (text.empty()) return std::nullopt;
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text.front() == '0') {
        base = 8;
        text.remove_prefix(1);
    }
    std::uint64_t number = 0;
    for (const char c : text) {
        const int digit = hex_value(c);
        if (digit < 0 || digit >= base) return std::nullopt;
        number = std::min(number * static_cast<unsigned>(base) + static_cast<unsigned>(digit),
                          too_large);
    }
    return number;
}

void append_number(std::string& out, unsigned number, int base) {
    std::array<char, 8> figures{};
    const auto end = std::to_chars(figures.begin(), figures.end(), number, base).ptr;
    out.append(figures.data(), end);
}

}  // namespace

bool ends_in_number(std::string_view domain) noexcept {
    domain = without_last_dot(domain);
    const std::string_view last = domain.substr(domain.rfind('.') + 1);
    if (last.empty()) return false;
    if (is_decimal(last)) return true;
    return last.front() == '0' && parse_number(last).has_value();
}

std::optional<std::uint32_t> parse_ipv4(std::string_view domain) noexcept {
    domain = without_last_dot(domain);
    std::uint64_t address = 0;
    for (int left = 4; left > 0; --left) {
        const std::size_t dot = domain.find('.');
        const auto number = parse_number(domain.substr(0, dot));
        if (!number) return std::nullopt;
        if (dot == std::string_view::npos) {
            if (*number >> (8U * static_cast<unsigned>(left)) != 0) return std::nullopt;
            return static_cast<std::uint32_t>(address << (8U * static_cast<unsigned>(left)) |
                                              *number);
        }
        if (*number > 0xff) return std::nullopt;
        address = address << 8U | *number;
        domain.remove_prefix(dot + 1);
    }
    return std::nullopt;  // a fifth number
}

void append_ipv4(std::string& out, std::uint32_t address) {
    for (unsigned shift = 32; shift != 0;) {
        shift -= 8;
        append_number(out, address >> shift & 0xffU, 10);
        if (shift != 0) out += '.';
    }
}

std::optional<IPv6Address> parse_ipv6(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> copy{};  // inet_pton() wants a null byte behind it
    if (text.size() >= copy.size() || text.contains('\0')) return std::nullopt;
    std::ranges::copy(text, copy.begin());
    IPv6Address address{};
    if (inet_pton(AF_INET6, copy.data(), address.data()) != 1) return std::nullopt;
    return address;
}

void append_ipv6(std::string& out, const IPv6Address& address) {
    const auto piece = [&](std::size_t i) {
        return static_cast<unsigned>(address[2 * i]) << 8U | address[2 * i + 1];
    };
    std::size_t longest = 8;  // where the run begins
    std::size_t length = 1;   // a single zero is written as it is
    for (std::size_t i = 0, run = 0; i < 8; ++i) {
        run = piece(i) == 0 ? run + 1 : 0;
        if (run > length) {
            length = run;
            longest = i + 1 - run;
        }
    }
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == longest) {
            out += i == 0 ? "::" : ":";
            i += length - 1;
            continue;
        }
        append_number(out, piece(i), 16);
        if (i != 7) out += ':';
    }
}

}  // namespace weft::http::internal
