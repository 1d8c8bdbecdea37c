// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/websocket_builder.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/internal/client_websocket.hpp>
#include <weft/http/client/internal/http1_exchange.hpp>
#include <weft/http/client/internal/random_bytes.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/request_builder.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/websocket.hpp>
#include <weft/http/client/websocket_options.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/websocket/permessage_deflate.hpp>
#include <weft/http/wire/websocket/websocket_handshake.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace {

void check_options(const WSOptions& options) {
    if (options.max_msg_size == 0) throw ValueError("max_msg_size is a number of bytes above 0");
    if (options.heartbeat && options.heartbeat->get() <= Nanoseconds::zero()) {
        throw ValueError("the heartbeat of a WebSocket is a time above zero");
    }
}

void check_headers(const Headers& headers) {
    for (const std::string_view name :
         {"Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
          "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"}) {
        if (!headers.contains(name)) continue;
        throw ValueError("the header " + std::string(name) +
                         " is not for the caller to set: it is that of the handshake");
    }
}

std::optional<wire::DeflateParams> wanted_compression(const WSOptions& options) {
    if (options.compress == 0) return std::nullopt;
    return wire::DeflateParams{.server_max_window_bits = options.compress,
                               .client_max_window_bits = options.compress};
}

std::string random_key() {
    std::array<std::uint8_t, 16> chance{};
    internal::fill_randomly(chance);
    return wire::websocket_key(chance);
}

[[noreturn]] void refuse(const ClientResponse& response, std::string why) {
    const URL& url = response.url();
    throw WSServerHandshakeError(url.with_scheme(url.scheme() == "https" ? "wss" : "ws"),
                                 response.status(), std::move(why), response.headers());
}

std::optional<wire::DeflateParams> agreed_compression(
    const ClientResponse& response, std::string_view extensions,
    const std::optional<wire::DeflateParams>& wanted) {
    if (!wanted && !extensions.empty()) {
        refuse(response, "the server has accepted the extensions '" + std::string(extensions) +
                             "', where none was offered");
    }
    if (!wanted) return std::nullopt;
    auto agreed = wire::read_deflate_response(extensions, *wanted);
    if (!agreed) refuse(response, std::move(agreed.error()));
    return *agreed;
}

}  // namespace

Coro<ClientWebSocketResponse> WSRequestBuilder::connect(RequestBuilder builder, WSOptions options) {
    co_await transparent;
    ClientRequest& request = builder.request_;
    check_options(options);
    check_headers(request.headers);
    const auto wanted = wanted_compression(options);
    const std::string key = random_key();
    wire::add_websocket_request(request.headers, key, options.protocols,
                                wanted ? wire::deflate_offer(*wanted) : "");
    request.upgrades = true;
    request.raise_for_status = false;

    ClientResponse response = co_await std::move(builder).send();
    auto answer = wire::read_websocket_response(response.head(), key, options.protocols);
    if (!answer) refuse(response, std::move(answer.error()));
    const auto compression = agreed_compression(response, answer->extensions, wanted);
    const auto rest = std::move(response).take_rest();
    auto* const exchange = dynamic_cast<internal::Http1Exchange*>(rest.get());
    if (!exchange) throw ClientConnectionError("a WebSocket needs a connection, not a mock of one");
    co_return ClientWebSocketResponse(std::make_unique<internal::ClientWebSocket>(
        *exchange->take_upgraded(), std::move(options), std::move(answer->protocol), compression));
}

}  // namespace weft::http
