// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/proxy_tunnel.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/basic_auth.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/packed_address.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/http1_writer.hpp>
#include <weft/http/wire/message_parser.hpp>
#include <weft/http/wire/parse_error.hpp>
#include <weft/io/exceptions.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/io/stream.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http::internal {
namespace {

constexpr std::uint16_t socks_port = 1080;

// What a SOCKS5 field of one byte can say of a length.
constexpr std::size_t socks_text_bytes_max = 255;

[[noreturn]] void throw_refused(const ProxyAddress& proxy, const std::string& why) {
    throw ClientProxyConnectionError(proxy.host, proxy.port, 0, why);
}

std::string authority_of(const ConnectionKey& key) {
    const bool is_ipv6 = key.host.contains(':');
    return (is_ipv6 ? "[" + key.host + "]" : key.host) + ":" + std::to_string(key.port);
}

// ---- HTTP

Coro<void> connect_http(Stream& stream, const ProxyAddress& proxy, const ConnectionKey& key) {
    co_await transparent;
    const std::string target = authority_of(key);
    Headers headers{{"Host", target}};
    if (proxy.auth) headers.add("Proxy-Authorization", proxy.auth->encode());
    Bytes request;
    wire::write_head(request, Method::connect, target, headers);
    stream.write(request);
    wire::ResponseParser parser(Method::connect);
    for (;;) {
        const BytesView data = co_await stream.reader().peek();
        if (data.empty()) throw_refused(proxy, "the proxy closed the connection");
        const auto step = parser.next(data);
        if (!step) throw_refused(proxy, describe(step.error()));
        stream.reader().skip(step->used);
        if (step->event == wire::Event::head) break;
    }
    const auto& [version, status, reason, fields] = parser.head();
    if (status / 100 != 2) {
        const URL url("http://" + target + "/");
        throw ClientHttpProxyError(url, status, reason, fields);
    }
}

// ---- SOCKS5

Bytes byte(unsigned value) { return Bytes(1, static_cast<char>(value)); }

Bytes counted(const ProxyAddress& proxy, std::string_view text, const char* what) {
    if (text.empty() || text.size() > socks_text_bytes_max) {
        throw_refused(proxy, std::string("SOCKS5 has no way to say ") + what + " of " +
                                 std::to_string(text.size()) + " bytes");
    }
    return byte(static_cast<unsigned>(text.size())) + Bytes(text);
}

// The address as the request has it: its kind, and the bytes of it.
Bytes socks_address(const SocketAddress& address) {
    return byte(address.family() == af_inet ? 1 : 4) + Bytes(packed(address));
}

Bytes socks_destination(const ProxyAddress& proxy, const ConnectionKey& key,
                        const std::optional<SocketAddress>& address) {
    const Bytes port = byte(key.port >> 8U) + byte(key.port & 255U);
    if (address) return socks_address(*address) + port;
    return byte(3) + counted(proxy, key.host, "a name") + port;
}

Coro<void> log_in_to_socks(Stream& stream, const ProxyAddress& proxy) {
    co_await transparent;
    const bool has_login = proxy.auth.has_value();
    stream.write(has_login ? Bytes("\5\2\0\2", 4) : Bytes("\5\1\0", 3));
    const Bytes chosen = co_await stream.readexactly(2);
    if (chosen == BytesView("\5\0", 2)) co_return;
    if (!has_login || chosen != BytesView("\5\2", 2)) {
        throw_refused(proxy, chosen[0] == '\5' ? "the proxy wants another kind of login"
                                               : "the proxy does not speak SOCKS5");
    }
    stream.write(byte(1) + counted(proxy, proxy.auth->login, "a login") +
                 counted(proxy, proxy.auth->password, "a password"));
    const Bytes answer = co_await stream.readexactly(2);
    if (answer[1] != 0) throw_refused(proxy, "the proxy refuses the login");
}

const char* socks_reason(char code) {
    constexpr std::array<const char*, 9> reasons = {
        "succeeded",           "general failure",       "not allowed by its rules",
        "network unreachable", "host unreachable",      "connection refused",
        "TTL expired",         "command not supported", "address type not supported"};
    const auto number = static_cast<unsigned char>(code);
    return number < reasons.size() ? reasons[number] : "an unknown reason";
}

Coro<void> connect_socks(Stream& stream, const ProxyAddress& proxy, const Bytes& destination) {
    co_await transparent;
    co_await log_in_to_socks(stream, proxy);
    stream.write(Bytes("\5\1\0", 3) + destination);
    const Bytes answer = co_await stream.readexactly(4);
    if (answer[0] != '\5') throw_refused(proxy, "the proxy does not speak SOCKS5");
    if (answer[1] != 0) {
        throw_refused(proxy, std::string("the proxy cannot connect: ") + socks_reason(answer[1]));
    }
    // The address that the proxy connects from, which is of no use.
    std::ptrdiff_t size = 0;
    switch (answer[3]) {
        case 1:
            size = 4;
            break;
        case 3:
            size = static_cast<unsigned char>((co_await stream.readexactly(1))[0]);
            break;
        case 4:
            size = 16;
            break;
        default:
            throw_refused(proxy, "the proxy answers with an unknown type of address");
    }
    static_cast<void>(co_await stream.readexactly(size + 2));
}

}  // namespace

ProxyAddress ProxyAddress::parse(const Proxy& proxy) {
    const URL& url = proxy.url;
    ProxyAddress address{.kind = Kind::http,
                         .host = std::string(url.raw_host()),
                         .port = url.port().value_or(socks_port),
                         .auth = proxy.auth ? proxy.auth : BasicAuth::from_url(url)};
    if (url.scheme() == "socks5") {
        address.kind = Kind::socks5;
    } else if (url.scheme() == "socks5h") {
        address.kind = Kind::socks5h;
    } else if (url.scheme() != "http") {
        throw ValueError("the scheme of a proxy is http, socks5 or socks5h, not " +
                         std::string(url.scheme()));
    }
    if (address.host.empty()) throw ValueError("the URL of a proxy needs a host");
    if (address.auth) static_cast<void>(address.auth->encode());
    return address;
}

std::string ProxyAddress::to_key() const {
    constexpr std::array<const char*, 3> schemes = {"http", "socks5", "socks5h"};
    const bool is_ipv6 = host.contains(':');
    URL url(std::string(schemes[static_cast<std::size_t>(kind)]) + "://" +
            (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port));
    if (auth) url = url.with_user(auth->login).with_password(auth->password);
    return url.to_string();
}

ProxyAddress ProxyAddress::from_key(std::string_view text) { return parse({.url = URL(text)}); }

Coro<void> open_tunnel(Stream& stream, const ProxyAddress& proxy, const ConnectionKey& key,
                       const std::optional<SocketAddress>& destination) {
    co_await transparent;
    if (proxy.kind == ProxyAddress::Kind::http) {
        co_await connect_http(stream, proxy, key);
        co_return;
    }
    const Bytes there = socks_destination(proxy, key, destination);
    const auto opened = co_await as_result(connect_socks(stream, proxy, there));
    if (opened) co_return;
    if (!holds<IncompleteReadError>(opened.error())) std::rethrow_exception(opened.error());
    throw_refused(proxy, "the proxy closed the connection");
}

}  // namespace weft::http::internal
