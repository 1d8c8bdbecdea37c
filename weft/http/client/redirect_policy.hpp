// SPDX-License-Identifier: Apache-2.0
// weft/http/client/redirect_policy.hpp - RedirectPolicy: where a server may send a client.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <weft/http/url.hpp>

namespace weft::http {

/// Which redirects are followed.
///
/// A redirect to another origin (scheme, host or port) takes Authorization, Cookie and
/// Proxy-Authorization from the request, each line of them, and the headers of `sensitive_headers`;
/// a later redirect back does not bring them back. A login in the URL that a server sends is dropped.
struct RedirectPolicy {
    /// 0: the first one is an error.
    std::size_t max = 10;
    /// Also those of other methods than GET and HEAD; the body is sent again where the status asks
    /// for it. aiohttp follows these, too.
    bool any_method = false;
    /// Also those from https to http.
    bool to_plain_text = false;
    /// Headers that are for the first origin only: keys of an API.
    std::vector<std::string> sensitive_headers = {};
    /// Asked about each; false makes it an error.
    std::function<bool(const URL& from, const URL& to)> allow = nullptr;
};

}  // namespace weft::http
