// SPDX-License-Identifier: Apache-2.0
// weft/http/client/mock_transport.hpp - MockTransport: answers requests in the place of servers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/headers.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>

namespace weft::http {

/// A response that no server has sent.
struct MockResponse {
    int status = 200;
    Headers headers{};
    Bytes body{};
    /// After how many bytes the body is cut off, with a ClientPayloadError; nullopt: it is whole.
    std::optional<std::size_t> cut_at = std::nullopt;

    /// The answer to a request, as a session gives it.
    [[nodiscard]] ClientResponse to(const ClientRequest& request) const;
};

/// A middleware that asks a function what servers would have answered. Nothing goes to the network;
/// redirects, cookies, retries, decompression and limits of the session are at work as ever.
///
///     MockTransport mock([](const ClientRequest& request) -> Coro<MockResponse> {
///         if (request.url.path() != "/users/7") co_return MockResponse{.status = 404};
///         co_return MockResponse{.headers = {{"Content-Type", "application/json"}},
///                                .body = R"({"name": "Ada"})"};
///     });
///     ClientSession session({.middlewares = {mock}});
///
/// The function may wait, and throw what a connection would: `ClientOSError(ECONNRESET, "reset")`. Put
/// it last: what stands behind it is not passed.
///
/// Lifetime: a handle; copies are the same.
/// Spec:     httpx.MockTransport.
class MockTransport {
public:
    using Handler = CoroFunction<Coro<MockResponse>(const ClientRequest&)>;
    explicit MockTransport(Handler handler);

    [[nodiscard]] Coro<ClientResponse> operator()(ClientRequest& request, const Next& next) const;

    /// What it was asked so far.
    [[nodiscard]] const std::vector<ClientRequest>& requests() const noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace weft::http
