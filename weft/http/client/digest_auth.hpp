// SPDX-License-Identifier: Apache-2.0
// weft/http/client/digest_auth.hpp - DigestAuthMiddleware: says who asks without the password.
#pragma once

#include <memory>
#include <string>

#include <weft/http/client/middleware.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {

struct DigestAuthOptions {
    /// Whether a request says it at once where a server was answered before, with what that has told;
    /// else each request is sent twice.
    bool preemptive = true;
};

/// Answers the digest challenges of servers, by sending the request again.
///
///     ClientSession session({.middlewares = {DigestAuthMiddleware("ada", "secret")}});
///
/// Of several challenges it takes the strongest one: SHA-512-256, SHA-256, MD5, each with `-sess` or
/// without. `auth-int`, which protects the body, too, is not offered. A redirect to another origin is
/// not answered: its server would learn enough to guess the password.
/// A body that cannot be sent again is sent without an answer, and the response is that to it.
///
/// Limits: what the servers of 100 origins have told is kept.
/// Spec:   RFC 7616; aiohttp.DigestAuthMiddleware.
class DigestAuthMiddleware {
public:
    /// Errors: ValueError   the login holds a control byte; it is not told.
    DigestAuthMiddleware(std::string login, std::string password, DigestAuthOptions options = {});

    [[nodiscard]] Coro<ClientResponse> operator()(ClientRequest& request, const Next& next) const;

private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace weft::http
