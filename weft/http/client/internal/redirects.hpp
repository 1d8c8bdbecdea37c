// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/redirects.hpp - what becomes of a request that a server sends elsewhere.
#pragma once

#include <optional>

#include <weft/http/client/request.hpp>
#include <weft/http/url.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::internal {

/// Where the response sends the request, if its policy is to follow.
///
/// Errors: InvalidUrlRedirectClientError, NonHttpUrlRedirectClientError   that is nowhere
///         RedirectClientError   the policy forbids it
/// Spec:   RFC 9110 §15.4.
[[nodiscard]] std::optional<URL> redirect_target(const ClientRequest& request,
                                                 const wire::ResponseHead& response);

/// Makes the request one to the target.
/// Spec: RFC 9110 §15.4; what a change of the method takes away is Fetch's, §4.4.
void redirect(ClientRequest& request, int status, URL target);

}  // namespace weft::http::internal
