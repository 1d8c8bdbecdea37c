// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/websocket_handshake.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/method.hpp>
#include <weft/http/syntax.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::wire {
namespace {

constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view version = "13";

std::string base64(std::span<const std::uint8_t> bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL writes a null byte behind it
    EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(out.data()), bytes.data(),
                    static_cast<int>(bytes.size()));
    out.pop_back();
    return out;
}

// 16 bytes in base64.
bool is_key(std::string_view key) noexcept {
    return key.size() == 24 && key.ends_with("==") &&
           std::ranges::all_of(key.substr(0, 22), [](char c) {
               return is_letter(c) || is_digit(c) || c == '+' || c == '/';
           });
}

// All values of a name as one list.
std::string list_of(const Headers& headers, std::string_view name) {
    std::string out;
    for (const std::string_view value : headers.getall(name)) {
        if (!out.empty()) out += ", ";
        out += value;
    }
    return out;
}

std::string_view take_element(std::string_view& list) noexcept {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view element = trimmed(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    return element;
}

bool lists(const Headers& headers, std::string_view name, std::string_view token) {
    const std::string list = list_of(headers, name);
    for (std::string_view rest = list; !rest.empty();) {
        if (equal_ignoring_case(take_element(rest), token)) return true;
    }
    return false;
}

bool upgrades_to_websocket(const Headers& headers) {
    return lists(headers, "Upgrade", "websocket") && lists(headers, "Connection", "upgrade");
}

bool holds(std::span<const std::string> protocols, std::string_view protocol) noexcept {
    return std::ranges::find(protocols, protocol) != protocols.end();
}

// nullopt where one is no token, or comes twice.
std::optional<std::vector<std::string>> read_protocols(std::string_view list) {
    std::vector<std::string> protocols;
    while (!list.empty()) {
        std::string protocol(take_element(list));
        if (!is_token(protocol) || holds(protocols, protocol)) return std::nullopt;
        protocols.push_back(std::move(protocol));
    }
    return protocols;
}

std::unexpected<WSHandshakeError> refuse(int status, std::string text) {
    return std::unexpected(WSHandshakeError{.status = status, .text = std::move(text)});
}

// The value of a header that comes once.
std::optional<std::string_view> only(const Headers& headers, std::string_view name) noexcept {
    const auto values = headers.getall(name);
    if (std::ranges::distance(values) != 1) return std::nullopt;
    return *values.begin();
}

}  // namespace

std::string websocket_key(const std::array<std::uint8_t, 16>& chance) { return base64(chance); }

std::string websocket_accept(std::string_view key) {
    const std::string text = std::string(key).append(guid);
    std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digest.data());
    return base64(digest);
}

std::expected<WSRequest, WSHandshakeError> read_websocket_request(const RequestHead& head) {
    if (head.method != Method::get) {
        return refuse(
            405, "a WebSocket is asked for with GET, not with " + in_quotes(head.method.name()));
    }
    if (head.version < http_1_1) return refuse(400, "a WebSocket is asked for with HTTP/1.1");
    if (!upgrades_to_websocket(head.headers)) {
        return refuse(400, "no 'Upgrade: websocket' with 'Connection: upgrade'");
    }
    if (const auto said = only(head.headers, "Sec-WebSocket-Version"); said != version) {
        return refuse(426, "Sec-WebSocket-Version is not 13");
    }
    const auto key = only(head.headers, "Sec-WebSocket-Key");
    if (!key || !is_key(*key)) {
        return refuse(400, "Sec-WebSocket-Key is not 16 bytes in base64");
    }
    auto protocols = read_protocols(list_of(head.headers, "Sec-WebSocket-Protocol"));
    if (!protocols) {
        return refuse(400, "Sec-WebSocket-Protocol is no list of tokens, each there once");
    }
    return WSRequest{.key = std::string(*key),
                     .protocols = std::move(*protocols),
                     .extensions = list_of(head.headers, "Sec-WebSocket-Extensions")};
}

std::optional<std::string_view> choose_protocol(std::span<const std::string> offered,
                                                std::span<const std::string> supported) noexcept {
    for (const std::string& protocol : offered) {
        if (holds(supported, protocol)) return protocol;
    }
    return std::nullopt;
}

void add_websocket_response(Headers& headers, std::string_view key, std::string_view protocol,
                            std::string_view extensions) {
    headers.add("Upgrade", "websocket");
    headers.add("Connection", "Upgrade");
    headers.add("Sec-WebSocket-Accept", websocket_accept(key));
    if (!protocol.empty()) headers.add("Sec-WebSocket-Protocol", protocol);
    if (!extensions.empty()) headers.add("Sec-WebSocket-Extensions", extensions);
}

void add_websocket_request(Headers& headers, std::string_view key,
                           std::span<const std::string> protocols, std::string_view extensions) {
    std::string list;
    for (const std::string& protocol : protocols) {
        if (!is_token(protocol)) {
            throw ValueError(in_quotes(protocol) +
                             " is no protocol of a WebSocket, which is a token");
        }
        if (!list.empty()) list += ", ";
        list += protocol;
    }
    if (!read_protocols(list)) throw ValueError("a protocol of a WebSocket comes twice: " + list);
    headers.add("Upgrade", "websocket");
    headers.add("Connection", "Upgrade");
    headers.add("Sec-WebSocket-Version", version);
    headers.add("Sec-WebSocket-Key", key);
    if (!list.empty()) headers.add("Sec-WebSocket-Protocol", list);
    if (!extensions.empty()) headers.add("Sec-WebSocket-Extensions", extensions);
}

std::expected<WSResponse, std::string> read_websocket_response(
    const ResponseHead& head, std::string_view key, std::span<const std::string> offered) {
    if (head.status != 101) {
        return std::unexpected("the status is " + std::to_string(head.status) +
                               ", where 101 makes a WebSocket");
    }
    if (!upgrades_to_websocket(head.headers)) {
        return std::unexpected("no 'Upgrade: websocket' with 'Connection: upgrade'");
    }
    if (only(head.headers, "Sec-WebSocket-Accept") != websocket_accept(key)) {
        return std::unexpected("Sec-WebSocket-Accept does not go with the key that was sent");
    }
    WSResponse response{.protocol = {},
                        .extensions = list_of(head.headers, "Sec-WebSocket-Extensions")};
    if (head.headers.contains("Sec-WebSocket-Protocol")) {
        const auto protocol = only(head.headers, "Sec-WebSocket-Protocol");
        if (!protocol || !holds(offered, *protocol)) {
            return std::unexpected("the server has chosen a protocol that was not offered: " +
                                   in_quotes(list_of(head.headers, "Sec-WebSocket-Protocol")));
        }
        response.protocol = std::string(*protocol);
    }
    return response;
}

}  // namespace weft::http::wire
