// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/internal/redirects.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/http/client/exceptions.hpp>
#include <weft/http/client/redirect_policy.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/url.hpp>
#include <weft/http/url_error.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::internal {
namespace {

constexpr std::string_view credentials[] = {"Authorization", "Cookie", "Proxy-Authorization"};
constexpr std::string_view fields_of_a_body[] = {"Content-Encoding", "Content-Language",
                                                 "Content-Length",   "Content-Location",
                                                 "Content-Type",     "Expect"};

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_followed(const ClientRequest& request) {
    if (request.allow_redirects) return *request.allow_redirects;
    return request.redirects.any_method || request.method == Method::get ||
           request.method == Method::head;
}

bool becomes_get(const Method& method, int status) {
    if (status == 303) return method != Method::head;
    return (status == 301 || status == 302) && method == Method::post;
}

URL parse_target(const URL& from, std::string_view location) {
    auto target = URL::parse_http(location, from);
    if (!target) {
        const URLError& error = target.error();
        std::string text =
            "the redirect of " + from.human_repr() + " leads nowhere: " + describe(error);
        if (error.fault == URLFault::not_http) throw NonHttpUrlRedirectClientError(std::move(text));
        throw InvalidUrlRedirectClientError(error, std::move(text));
    }
    if (target->scheme() != "http" && target->scheme() != "https") {
        throw NonHttpUrlRedirectClientError("redirected to " + target->human_repr() +
                                            ", which is neither http nor https");
    }
    // What a server says of a login is none of the user's.
    return target->with_user("").with_fragment("");
}

}  // namespace

std::optional<URL> redirect_target(const ClientRequest& request,
                                   const wire::ResponseHead& response) {
    if (!is_redirect(response.status) || !is_followed(request)) return std::nullopt;
    const auto location = response.headers.get("Location");
    if (!location) return std::nullopt;  // it is for the user to read
    URL target = parse_target(request.url, *location);
    const RedirectPolicy& policy = request.redirects;
    const std::string to = "the redirect to " + target.human_repr();
    if (!policy.to_plain_text && request.url.scheme() == "https" && target.scheme() == "http") {
        throw RedirectClientError(to + " gives up the protection of https");
    }
    if (policy.allow && !policy.allow(request.url, target)) {
        throw RedirectClientError(to + " is not allowed");
    }
    if (!becomes_get(request.method, response.status) && !request.body.is_repeatable()) {
        throw RedirectClientError(to +
                                  " needs the body of the request again, which can be read once");
    }
    return target;
}

void redirect(ClientRequest& request, int status, URL target) {
    Headers& headers = request.headers;
    if (becomes_get(request.method, status)) {
        request.method = Method::get;
        request.body = {};
        request.expect100 = false;
        for (const std::string_view name : fields_of_a_body) headers.remove(name);
    }
    if (target.origin() != request.url.origin()) {
        request.is_redirected_elsewhere = true;
        for (const std::string_view name : credentials) headers.remove(name);
        request.cookies = {};
        for (const std::string& name : request.redirects.sensitive_headers) headers.remove(name);
        headers.set("Host", target.host_port_subcomponent());
        request.server_hostname.reset();
        request.fingerprints.clear();
        request.ssl = nullptr;
    }
    request.url = std::move(target);
}

}  // namespace weft::http::internal
