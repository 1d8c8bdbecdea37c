// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/request_builder.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/internal/connection_key.hpp>
#include <weft/http/client/internal/connector_state.hpp>
#include <weft/http/client/internal/exchange.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft::http {
namespace {

using internal::Exchange;

constexpr std::string_view user_agent = "weft/" WEFT_RELEASE;

// Whether a body is expected of it, so that it says even that there is none.
// Spec: RFC 9110 §8.6.
bool has_body(const ClientRequest& request) {
    return !request.body.empty() || request.method == Method::post ||
           request.method == Method::put || request.method == Method::patch;
}

void complete(ClientRequest& request) {
    Headers& headers = request.headers;
    for (const std::string_view name : {"Content-Length", "Transfer-Encoding"}) {
        if (headers.contains(name)) {
            throw ValueError("the header " + std::string(name) +
                             " is not for the caller to set: it follows from the body");
        }
    }
    headers.setdefault("Accept", "*/*");
    headers.setdefault("User-Agent", user_agent);
    if (!has_body(request)) return;
    headers.add("Content-Length", std::to_string(request.body.size()));
    if (!request.body.empty()) headers.setdefault("Content-Type", "application/octet-stream");
}

Coro<ClientResponse> send_request(Connector connector, ClientRequest request) {
    co_await transparent;
    const TimePoint started = get_running_loop().time();
    complete(request);
    const internal::ConnectionKey key = connector.state().key_for(request);
    for (;;) {
        auto slot = co_await connector.state().connect(key, request.timeout, started);
        auto exchange = std::make_unique<Exchange>(std::move(slot), request, started);
        exchange->send(request);
        auto head = co_await as_result(exchange->receive_head(request.url));
        if (head) {
            ClientResponse response(std::move(request.method), std::move(request.url),
                                    std::move(*head), std::move(exchange));
            if (request.raise_for_status) response.raise_for_status();
            co_return response;
        }
        // The server had closed it while it was idle, mostly. That comes to an end with a new one.
        const bool again = exchange->met_a_dead_connection() && request.method.is_idempotent();
        if (!again) std::rethrow_exception(head.error());
    }
}

Coro<Bytes> send_and_read(Connector connector, ClientRequest request, std::size_t bytes_max) {
    co_await transparent;
    auto response = co_await send_request(std::move(connector), std::move(request));
    co_return co_await std::move(response).take_body(bytes_max);
}

}  // namespace

Coro<ClientResponse> RequestBuilder::send() && {
    return send_request(std::move(connector_), std::move(request_));
}

Coro<Bytes> RequestBuilder::read(std::size_t bytes_max) && {
    return send_and_read(std::move(connector_), std::move(request_), bytes_max);
}

}  // namespace weft::http
