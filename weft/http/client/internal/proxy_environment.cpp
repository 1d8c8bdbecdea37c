// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/proxy_environment.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <stdlib.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/client/internal/packed_address.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/url.hpp>
#include <weft/io/socket_address.hpp>

namespace weft::http {
namespace internal {
namespace {

std::string in_capitals(std::string_view name) {
    std::string text(name);
    for (char& letter : text) {
        if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    return text;
}

// An empty one says that there is none.
std::optional<std::string> variable(const Environment& environment, const char* small) {
    if (auto value = environment(small)) return value;
    const bool is_httpoxy =
        std::string_view(small) == "http_proxy" && environment("REQUEST_METHOD").has_value();
    return is_httpoxy ? std::nullopt : environment(in_capitals(small).c_str());
}

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// The bytes of a numeric host, without brackets.
std::optional<std::string> address_of(std::string_view host) {
    try {
        const SocketAddress address(host, 0);
        if (address.scope_id() != 0) return std::nullopt;
        return std::string(packed(address));
    } catch (const Exception&) {
        return std::nullopt;  // a name
    }
}

bool has_prefix(std::string_view address, std::string_view network, unsigned bits) {
    if (address.size() != network.size() || bits > 8 * network.size()) return false;
    const std::size_t whole = bits / 8;
    if (address.substr(0, whole) != network.substr(0, whole)) return false;
    const unsigned left = bits % 8;
    if (left == 0) return true;
    const auto difference = static_cast<unsigned char>(address[whole] ^ network[whole]);
    return difference >> (8 - left) == 0;
}

// A name, and those below it.
bool is_below(std::string_view host, std::string_view domain) {
    if (domain.starts_with("*.")) domain.remove_prefix(1);
    while (domain.starts_with('.')) domain.remove_prefix(1);
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (host.ends_with('.')) host.remove_suffix(1);
    if (domain.empty() || host.size() < domain.size()) return false;
    const std::string_view end = host.substr(host.size() - domain.size());
    if (!equal_ignoring_case(end, domain)) return false;
    return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool matches(std::string_view entry, const URL& url) {
    if (entry == "*") return true;
    const std::string_view host = url.raw_host();
    const auto address = address_of(host);
    if (const std::size_t slash = entry.find('/'); slash != std::string_view::npos) {
        const auto network = address_of(entry.substr(0, slash));
        const auto bits = number<unsigned>(entry.substr(slash + 1));
        return address && network && bits && has_prefix(*address, *network, *bits);
    }
    // A port, but not the end of an IPv6 address without brackets.
    const std::size_t colon = entry.rfind(':');
    const bool has_port = colon != std::string_view::npos &&
                          (entry.find(':') == colon || (colon > 0 && entry[colon - 1] == ']'));
    if (has_port) {
        if (number<std::uint16_t>(entry.substr(colon + 1)) != url.port()) return false;
        entry = entry.substr(0, colon);
    }
    if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
    if (address) return address_of(entry) == address;
    return is_below(host, entry);
}

}  // namespace

bool is_in_no_proxy(std::string_view list, const URL& url) {
    while (!list.empty()) {
        const std::size_t end = list.find_first_of(", ");
        const std::string_view entry = trimmed(list.substr(0, end));
        if (!entry.empty() && matches(entry, url)) return true;
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    }
    return false;
}

std::optional<Proxy> proxy_from(const Environment& environment, const URL& url) {
    const std::string own = std::string(url.scheme()) + "_proxy";
    auto value = variable(environment, own.c_str());
    if (!value) value = variable(environment, "all_proxy");
    if (!value || value->empty()) return std::nullopt;
    const auto exceptions = variable(environment, "no_proxy");
    if (exceptions && is_in_no_proxy(*exceptions, url)) return std::nullopt;
    const std::string text = value->contains("://") ? *value : "http://" + *value;
    auto proxy = URL::parse(text);
    if (!proxy || proxy->raw_host().empty()) {
        throw ValueError("the variable " + own +
                         " of the environment, or all_proxy, is no URL of a "
                         "proxy");
    }
    return Proxy{.url = *std::move(proxy)};
}

}  // namespace internal

std::optional<Proxy> proxy_from_environment(const URL& url) {
    const auto get = [](const char* name) -> std::optional<std::string> {
        const char* const value = ::secure_getenv(name);
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
    return internal::proxy_from(get, url);
}

}  // namespace weft::http
