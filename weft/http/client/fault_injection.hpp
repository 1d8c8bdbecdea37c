// SPDX-License-Identifier: Apache-2.0
// weft/http/client/fault_injection.hpp - FaultInjection: what goes wrong on the way, on demand.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

/// How often what goes wrong; each is a chance from 0 to 1, and at most one of them happens to a
/// request.
struct Faults {
    double refused = 0;       ///< ClientConnectorError: there is no connection
    double disconnected = 0;  ///< ServerDisconnectedError: the request is sent, and not answered
    double busy = 0;          ///< a response with one of `statuses`
    double cut = 0;           ///< a body that ends after a part of it
    double late = 0;          ///< an answer that waits for `delay`
    std::vector<int> statuses = {429, 500, 502, 503, 504};
    Delay delay = std::chrono::seconds(1);
    unsigned seed = 1;  ///< the same faults for the same requests, in their order
};

/// A middleware that makes requests fail, so that a program shows what it does then.
///
///     ClientSession session({.retry = {.attempts = 5},
///                            .middlewares = {FaultInjection({.disconnected = 0.1, .cut = 0.1})}});
///
/// Put it last, or before a MockTransport or a Recording's player.
/// Lifetime: a handle; copies draw from one row of chances.
class FaultInjection {
public:
    /// Errors: ValueError   a chance is below 0, their sum above 1, or there are no `statuses`.
    explicit FaultInjection(Faults faults);

    [[nodiscard]] Coro<ClientResponse> operator()(ClientRequest& request, const Next& next) const;

private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace weft::http
