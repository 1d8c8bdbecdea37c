// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/egress.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <netinet/in.h>

#include <weft/io/socket_address.hpp>

namespace weft::http {
namespace {

using IPv6 = std::array<std::uint8_t, 16>;

struct Range4 {
    std::uint32_t first;
    unsigned bits;
};
constexpr std::uint32_t ipv4(unsigned a, unsigned b, unsigned c, unsigned d) {
    return a << 24U | b << 16U | c << 8U | d;
}
constexpr Range4 not_global4[] = {
    {ipv4(0, 0, 0, 0), 8},      {ipv4(10, 0, 0, 0), 8},     {ipv4(100, 64, 0, 0), 10},
    {ipv4(127, 0, 0, 0), 8},    {ipv4(169, 254, 0, 0), 16}, {ipv4(172, 16, 0, 0), 12},
    {ipv4(192, 0, 0, 0), 24},   {ipv4(192, 0, 2, 0), 24},   {ipv4(192, 88, 99, 0), 24},
    {ipv4(192, 168, 0, 0), 16}, {ipv4(198, 18, 0, 0), 15},  {ipv4(198, 51, 100, 0), 24},
    {ipv4(203, 0, 113, 0), 24}, {ipv4(224, 0, 0, 0), 4},    {ipv4(240, 0, 0, 0), 4},
};

struct Range6 {
    IPv6 first;
    unsigned bits;
};
constexpr Range6 global_unicast{{0x20}, 3};
constexpr Range6 not_global6[] = {
    {{0x20, 0x01, 0x00}, 23},        // protocol assignments, Teredo among them
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02}, 16},              // 6to4
    {{0x3f, 0xff, 0x00}, 20},        // documentation
};
// What wraps an address of IPv4 in its last four bytes.
constexpr Range6 mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
constexpr Range6 nat64{{0, 0x64, 0xff, 0x9b}, 96};

bool is_in(std::uint32_t address, const Range4& range) {
    return (address ^ range.first) >> (32U - range.bits) == 0;
}

bool is_in(const IPv6& address, const Range6& range) {
    const std::size_t whole = range.bits / 8;
    const unsigned rest = range.bits % 8;
    if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole),
                    range.first.begin())) {
        return false;
    }
    return rest == 0 || (address[whole] ^ range.first[whole]) >> (8U - rest) == 0;
}

bool is_global4(std::uint32_t address) {
    return std::ranges::none_of(not_global4,
                                [&](const Range4& range) { return is_in(address, range); });
}

bool is_global6(const IPv6& address) {
    if (is_in(address, mapped) || is_in(address, nat64)) {
        return is_global4(ipv4(address[12], address[13], address[14], address[15]));
    }
    return is_in(address, global_unicast) &&
           std::ranges::none_of(not_global6,
                                [&](const Range6& range) { return is_in(address, range); });
}

template <class T>
T as(const SocketAddress& address) {
    T system{};
    std::memcpy(&system, address.bytes().data(), std::min(sizeof system, address.bytes().size()));
    return system;
}

}  // namespace

bool is_global(const SocketAddress& address) {
    if (address.family() == af_inet)
        return is_global4(ntohl(as<sockaddr_in>(address).sin_addr.s_addr));
    if (address.family() != af_inet6) return false;
    IPv6 bytes{};
    const auto system = as<sockaddr_in6>(address);
    std::memcpy(bytes.data(), &system.sin6_addr, bytes.size());
    return is_global6(bytes);
}

}  // namespace weft::http
