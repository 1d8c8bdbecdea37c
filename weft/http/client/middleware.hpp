// SPDX-License-Identifier: Apache-2.0
// weft/http/client/middleware.hpp - Middleware: what stands between a session and its connections.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>

namespace weft::http {

class Middleware;

/// What a middleware goes on with: the next one, and behind the last the server.
class Next {
public:
    /// Sends the request. It may be called again: for a second attempt, with other headers.
    /// Errors:   those of RequestBuilder.
    /// Cancel:   safe, as there.
    /// Lifetime: of this and the request until it has returned.
    [[nodiscard]] Coro<ClientResponse> operator()(ClientRequest& request) const;

    // Implementation.
    using Sender = CoroFunction<Coro<ClientResponse>(ClientRequest&)>;
    Next(std::span<const Middleware> rest, const Sender& sender) noexcept
        : rest_(rest), sender_(sender) {}

private:
    std::span<const Middleware> rest_;
    const Sender& sender_;
};

/// A function that each request of a session passes, and its response:
///
///     const auto traced = [](ClientRequest& request, const Next& next) -> Coro<ClientResponse> {
///         request.headers.set("X-Trace", new_id());
///         auto response = co_await next(request);
///         log(LogLevel::info, std::to_string(response.status()));
///         co_return response;
///     };
///     ClientSession session({.middlewares = {traced}});
///
/// The first one is the outermost. It is called for each request that would go to a server: again
/// for a redirect, and for a retry. It may change the request, which is a copy, but not how its body
/// is framed; answer itself; or throw what it likes.
///
/// Lifetime: a handle; the function lives as long as a session or a request has it.
/// Spec:     aiohttp's client middlewares, `async def middleware(request, handler)`.
class Middleware {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, Middleware> &&
                 std::same_as<std::invoke_result_t<F&, ClientRequest&, const Next&>,
                              Coro<ClientResponse>>)
    Middleware(F function) : function_(std::make_shared<const Function>(std::move(function))) {}

    [[nodiscard, clang::coro_wrapper]] Coro<ClientResponse> operator()(ClientRequest& request,
                                                                       const Next& next) const {
        return (*function_)(request, next);
    }

private:
    using Function = CoroFunction<Coro<ClientResponse>(ClientRequest&, const Next&)>;
    std::shared_ptr<const Function> function_;
};

}  // namespace weft::http
