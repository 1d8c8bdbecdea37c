// SPDX-License-Identifier: Apache-2.0
#include <weft/io/socket_address.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>

namespace weft {
namespace {

static_assert(static_cast<int>(af_unspec) == AF_UNSPEC && static_cast<int>(af_unix) == AF_UNIX &&
              static_cast<int>(af_inet) == AF_INET && static_cast<int>(af_inet6) == AF_INET6);
static_assert(sizeof(sockaddr_un) <= SocketAddress::bytes_max);
static_assert(sizeof(sockaddr_un::sun_path) == SocketAddress::path_bytes_max + 1);

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

// The bytes as one of the system's structures, and back.
template <class T>
T read_as(std::span<const std::byte> bytes) noexcept {
    T address{};
    std::memcpy(&address, bytes.data(), std::min(sizeof address, bytes.size()));
    return address;
}
template <class T>
std::span<const std::byte> bytes_of(const T& address) noexcept {
    return std::as_bytes(std::span(&address, 1));
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::uint16_t checked_port(int port) {
    if (port < 0 || port > 65535) {
        throw ValueError("port must be 0-65535, not " + std::to_string(port));
    }
    return htons(static_cast<std::uint16_t>(port));
}

std::optional<in_addr> parse_ipv4(std::string_view host) {
    in_addr address{};
    if (host.empty()) return address;  // INADDR_ANY
    if (host == "<broadcast>") {
        address.s_addr = htonl(INADDR_BROADCAST);
        return address;
    }
    if (inet_pton(AF_INET, std::string(host).c_str(), &address) != 1) return std::nullopt;
    return address;
}

std::uint32_t scope_of(std::string_view name, std::string_view host) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) return number;
    const std::uint32_t index = if_nametoindex(std::string(name).c_str());
    if (index == 0) {
        throw_os_error(ENODEV, "interface " + quoted(name) + " of " + quoted(host));
    }
    return index;
}

std::optional<sockaddr_in6> parse_ipv6(std::string_view host) {
    sockaddr_in6 address{};
    const std::size_t percent = host.find('%');
    const std::string figures(host.substr(0, percent));
    if (inet_pton(AF_INET6, figures.c_str(), &address.sin6_addr) != 1) return std::nullopt;
    if (percent != std::string_view::npos) {
        address.sin6_scope_id = scope_of(host.substr(percent + 1), host);
    }
    return address;
}

// Python's repr() of bytes.
std::string repr_of_bytes(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "b'";
    for (const char c : bytes) {
        const auto value = static_cast<unsigned char>(c);
        if (c == '\\' || c == '\'') {
            text += {'\\', c};
        } else if (value < 0x20 || value >= 0x7f) {
            text += {'\\', 'x', digits[value >> 4U], digits[value & 0xfU]};
        } else {
            text += c;
        }
    }
    return text + "'";
}

SocketAddress unix_address(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    // A path ends with a null byte, an abstract name with its length.
    const bool is_path = !path.empty() && path.front() != '\0';
    return SocketAddress::from_bytes(
        bytes_of(address).first(path_offset + path.size() + (is_path ? 1 : 0)));
}

[[noreturn]] void throw_wrong_family(const SocketAddress& address, std::string_view what) {
    throw ValueError("the address " + address.to_string() + " has no " + std::string(what));
}

}  // namespace

SocketAddress::SocketAddress(std::string_view host, int port) {
    const std::uint16_t net_port = checked_port(port);
    const bool whole = host.find('\0') == std::string_view::npos;
    if (const auto ipv4 = whole ? parse_ipv4(host) : std::nullopt) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = net_port;
        address.sin_addr = *ipv4;
        *this = from_bytes(bytes_of(address));
    } else if (auto ipv6 = whole ? parse_ipv6(host) : std::nullopt) {
        ipv6->sin6_family = AF_INET6;
        ipv6->sin6_port = net_port;
        *this = from_bytes(bytes_of(*ipv6));
    } else {
        throw ValueError(quoted(host) + " is not a numeric address of IPv4 or IPv6");
    }
}

SocketAddress SocketAddress::from_path(std::string_view path) {
    if (path.starts_with('\0')) return from_abstract(path.substr(1));
    if (path.find('\0') != std::string_view::npos) {
        throw ValueError("embedded null byte in the path " + quoted(path));
    }
    if (path.size() > path_bytes_max) throw OSError("AF_UNIX path too long: " + quoted(path));
    return unix_address(path);
}

SocketAddress SocketAddress::from_abstract(std::string_view name) {
    if (name.size() >= path_bytes_max + 1) {
        throw OSError("AF_UNIX path too long: " + repr_of_bytes(name));
    }
    return unix_address('\0' + std::string(name));
}

SocketAddress SocketAddress::from_bytes(std::span<const std::byte> bytes) {
    if (bytes.size() > bytes_max) {
        throw ValueError("no address of a socket has " + std::to_string(bytes.size()) + " bytes");
    }
    SocketAddress address;
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    address.size_ = static_cast<std::uint16_t>(bytes.size());
    return address;
}

AddressFamily SocketAddress::family() const noexcept {
    return static_cast<AddressFamily>(read_as<sa_family_t>(bytes_));
}

std::string SocketAddress::host() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (family() == af_inet) {
        const auto address = read_as<sockaddr_in>(bytes_);
        return inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    }
    if (family() != af_inet6) throw_wrong_family(*this, "host");
    const auto address = read_as<sockaddr_in6>(bytes_);
    std::string host = inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
    if (address.sin6_scope_id == 0) return host;
    std::array<char, IF_NAMESIZE> name{};
    const bool named = if_indextoname(address.sin6_scope_id, name.data()) != nullptr;
    return host + "%" + (named ? name.data() : std::to_string(address.sin6_scope_id));
}

std::uint16_t SocketAddress::port() const {
    if (family() == af_inet) return ntohs(read_as<sockaddr_in>(bytes_).sin_port);
    if (family() == af_inet6) return ntohs(read_as<sockaddr_in6>(bytes_).sin6_port);
    throw_wrong_family(*this, "port");
}

SocketAddress SocketAddress::with_port(int port) const {
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    if (family() != af_inet && family() != af_inet6) throw_wrong_family(*this, "port");
    const std::uint16_t number = checked_port(port);
    SocketAddress same = *this;
    std::memcpy(&same.bytes_[offsetof(sockaddr_in, sin_port)], &number, sizeof number);
    return same;
}

std::uint32_t SocketAddress::scope_id() const noexcept {
    return family() == af_inet6 ? read_as<sockaddr_in6>(bytes_).sin6_scope_id : 0;
}

bool SocketAddress::is_abstract() const noexcept {
    return family() == af_unix && size_ > path_offset && bytes_[path_offset] == std::byte{0};
}

std::string SocketAddress::path() const {
    if (family() != af_unix) throw_wrong_family(*this, "path");
    if (size_ <= path_offset) return "";
    const std::string_view path(reinterpret_cast<const char*>(&bytes_[path_offset]),
                                size_ - path_offset);
    return std::string(is_abstract() ? path : path.substr(0, path.find('\0')));
}

std::string SocketAddress::to_string() const {
    switch (family()) {
        case af_unspec:
            return "None";
        case af_inet:
            return "(" + quoted(host()) + ", " + std::to_string(port()) + ")";
        case af_inet6: {
            const auto address = read_as<sockaddr_in6>(bytes_);
            return "(" + quoted(host()) + ", " + std::to_string(port()) + ", " +
                   std::to_string(ntohl(address.sin6_flowinfo)) + ", " +
                   std::to_string(address.sin6_scope_id) + ")";
        }
        case af_unix:
            return is_abstract() ? repr_of_bytes(path()) : quoted(path());
    }
    return "<address of family " + std::to_string(static_cast<int>(family())) + ">";
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
    // The system may or may not count the null byte behind a path.
    if (a.family() == af_unix && b.family() == af_unix) return a.path() == b.path();
    return std::ranges::equal(a.bytes(), b.bytes());
}

}  // namespace weft
