// SPDX-License-Identifier: Apache-2.0
// weft/http/client/rate_limit.hpp - RateLimitMiddleware: not more requests to a host than so many.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include <weft/base/time.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

struct RateLimit {
    double requests = 10;  ///< to one host and port, …
    Delay per = std::chrono::seconds(1);
    std::size_t burst = 1;  ///< how many may go at once where there were none for a while
};

/// Lets requests to a host wait for their turn, in their order. Redirects and retries are requests,
/// too.
///
///     ClientSession session({.middlewares = {RateLimitMiddleware({.requests = 5, .burst = 10})}});
///
/// The wait counts for `ClientTimeout::total` only.
/// Cancel:   safe; those behind move up.
/// Lifetime: copies share their turns; they belong to the loop of the first request.
class RateLimitMiddleware {
public:
    /// Errors: ValueError   `requests`, `per` or `burst` is not above zero.
    explicit RateLimitMiddleware(RateLimit limit);

    [[nodiscard]] Coro<ClientResponse> operator()(ClientRequest& request, const Next& next) const;

private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace weft::http
