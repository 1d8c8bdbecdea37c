// SPDX-License-Identifier: Apache-2.0
// weft/http/client/request_builder.hpp - RequestBuilder: a request that is being written down.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/http/basic_auth.hpp>
#include <weft/http/bearer_auth.hpp>
#include <weft/http/client/body_limits.hpp>
#include <weft/http/client/connector.hpp>
#include <weft/http/client/fingerprint.hpp>
#include <weft/http/client/form_data.hpp>
#include <weft/http/client/middleware.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/proxy.hpp>
#include <weft/http/client/request.hpp>
#include <weft/http/client/response.hpp>
#include <weft/http/client/retry_policy.hpp>
#include <weft/http/client/timeout.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/json/write.hpp>
#include <weft/runtime/coro.hpp>

namespace weft::http {
namespace internal {

template <class T>
Coro<T> read_json(Coro<ClientResponse> sending) {
    co_await transparent;
    ClientResponse response = co_await std::move(sending);
    co_return co_await response.json<T>();
}

}  // namespace internal

/// A request to a session, which is sent when it is awaited.
///
///     auto response =
///         co_await session.post(url).header("X-Trace", id).data(body).timeout({.total = 5s});
///     Bytes page = co_await session.get(url).read();
///
/// Not awaited, it is not sent. A named one is given away: `co_await std::move(request)`.
///
/// Errors, when it is awaited:
///           ClientConnectorError         no connection could be made; and those derived from it
///           ServerDisconnectedError, ClientOSError
///           ClientResponseError          the answer breaks the protocol; with raise_for_status(), a
///                                        status of 400 or above
///           TooManyRedirects, RedirectClientError and those derived from it
///           ServerTimeoutError           a limit passed; and those derived from it
///           ClientConnectionError        the session is closed
///           ClientProxyConnectionError, ClientHttpProxyError
///           ValueError                   a header that says how the body is framed, which is for
///                                        the client to say; a proxy that is none; a body that is
///                                        longer or shorter than was announced
///           OSError, and others          those of where the body comes from
/// Cancel:   safe; the connection is closed. Whether the server has seen the request, nobody knows.
/// Suspends: always.
class [[nodiscard]] RequestBuilder {
public:
    /// Adds fields to the query of the URL.
    template <class Self>
    Self&& params(this Self&& self, const MultiDict& fields) {
        self.request_.url = self.request_.url.extend_query(fields);
        return std::forward<Self>(self);
    }
    /// Sets a header, in the place of those of that name.
    /// Errors: ValueError   as Headers::set().
    template <class Self>
    Self&& header(this Self&& self, std::string_view name, std::string_view value) {
        self.request_.headers.set(name, value);
        return std::forward<Self>(self);
    }
    /// The same of several.
    template <class Self>
    Self&& headers(this Self&& self, const Headers& several) {
        self.request_.headers.update(several);
        return std::forward<Self>(self);
    }
    /// Says who asks. The URL's own login counts less.
    /// Errors: ValueError   as BasicAuth::encode().
    template <class Self>
    Self&& auth(this Self&& self, const BasicAuth& auth) {
        return std::forward<Self>(self).header("Authorization", auth.encode());
    }
    /// The same with a token.
    /// Errors: ValueError   as BearerAuth::encode().
    template <class Self>
    Self&& auth(this Self&& self, const BearerAuth& auth) {
        return std::forward<Self>(self).header("Authorization", auth.encode());
    }
    /// Cookies beside those of the session's jar, in the place of those of their name. They are not
    /// kept, and no redirect takes them to another origin.
    template <class Self>
    Self&& cookies(this Self&& self, const MultiDict& more) {
        self.request_.cookies.update(more);
        return std::forward<Self>(self);
    }
    /// The body: bytes, or what is read while it is sent (Payload).
    template <class Self>
    Self&& data(this Self&& self, Payload body) {
        self.request_.body = std::move(body);
        return std::forward<Self>(self);
    }
    template <class Self>
    Self&& data(this Self&& self, Bytes body) {
        return std::forward<Self>(self).data(Payload(std::move(body)));
    }
    /// A form as the body: urlencoded, or multipart where it has files.
    template <class Self>
    Self&& data(this Self&& self, const FormData& form) {
        self.set_form(form);
        return std::forward<Self>(self);
    }
    /// Sends the body when the server asks for it, or has said nothing for a second: one that
    /// refuses the request need not be sent all of it first.
    /// Spec: RFC 9110 §10.1.1.
    template <class Self>
    Self&& expect100(this Self&& self, bool wait = true) {
        self.request_.expect100 = wait;
        return std::forward<Self>(self);
    }
    /// A value as the body, in JSON: see json::dump() for what it may be.
    /// Errors: ValueError   as json::dump().
    template <class Self, class T>
    Self&& json(this Self&& self, const T& value) {
        self.request_.body = Payload(weft::json::dumps(value));
        self.request_.headers.set("Content-Type", "application/json");
        return std::forward<Self>(self);
    }
    /// In the place of the session's.
    template <class Self>
    Self&& timeout(this Self&& self, ClientTimeout limits) {
        self.request_.timeout = limits;
        return std::forward<Self>(self);
    }
    /// In the place of the session's.
    template <class Self>
    Self&& body_limits(this Self&& self, const BodyLimits& limits) {
        self.request_.body_limits = limits;
        return std::forward<Self>(self);
    }
    /// In the place of the session's.
    template <class Self>
    Self&& proxy(this Self&& self, Proxy through) {
        self.request_.proxy = std::move(through);
        return std::forward<Self>(self);
    }
    /// Passes it behind those of the session.
    template <class Self>
    Self&& middleware(this Self&& self, const Middleware& one) {
        self.add_middleware(one);
        return std::forward<Self>(self);
    }
    /// Follows redirects whatever the method is, or none.
    template <class Self>
    Self&& allow_redirects(this Self&& self, bool allow) {
        self.request_.allow_redirects = allow;
        return std::forward<Self>(self);
    }
    /// In the place of the session's, but for its budget.
    template <class Self>
    Self&& retry(this Self&& self, RetryPolicy policy) {
        self.request_.retry = std::make_shared<const RetryPolicy>(std::move(policy));
        return std::forward<Self>(self);
    }
    template <class Self>
    Self&& max_redirects(this Self&& self, std::size_t max) {
        self.request_.redirects.max = max;
        return std::forward<Self>(self);
    }
    template <class Self>
    Self&& raise_for_status(this Self&& self, bool raise = true) {
        self.request_.raise_for_status = raise;
        return std::forward<Self>(self);
    }
    /// An ssl::SSLContext, in the place of the connector's; it is for the origin of the URL, and no
    /// redirect takes it to another one.
    template <class Self>
    Self&& ssl(this Self&& self, StreamSecurity context) {
        self.request_.ssl = std::move(context);
        return std::forward<Self>(self);
    }
    /// In the place of the connector's.
    template <class Self>
    Self&& http2(this Self&& self, Http2 when) {
        self.request_.http2 = when;
        return std::forward<Self>(self);
    }
    /// Whose certificate the server must have, in the place of the URL's host.
    template <class Self>
    Self&& server_hostname(this Self&& self, std::string name) {
        self.request_.server_hostname = std::move(name);
        return std::forward<Self>(self);
    }

    /// One that the server's certificate may have; with several, it must have one of them.
    /// Errors, when it is sent: ServerFingerprintMismatch; ValueError   the URL is not one of https.
    template <class Self>
    Self&& fingerprint(this Self&& self, const Fingerprint& one) {
        self.request_.fingerprints.push_back(one);
        return std::forward<Self>(self);
    }

    /// Sends it, and waits for the head of the response: what `co_await` does.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<ClientResponse>
    send() &&;
    /// The same, and reads the body.
    /// Errors: those of ClientResponse::read(), too.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<Bytes> read(
        std::optional<std::size_t> bytes_max = std::nullopt) &&;

    /// The same, and reads the body from JSON.
    /// Errors: those of ClientResponse::json(), too.
    template <class T>
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<T> json() && {
        return internal::read_json<T>(std::move(*this).send());
    }
    /// The same, and gives its text.
    /// Errors: those of ClientResponse::text(), too.
    [[nodiscard, clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<std::string>
    text() &&;

    [[nodiscard, clang::coro_wrapper,
      clang::coro_disable_lifetimebound]] Coro<ClientResponse> operator co_await() && {
        return std::move(*this).send();
    }

    // Implementation.
    RequestBuilder(Connector connector, ClientRequest request) noexcept
        : connector_(std::move(connector)), request_(std::move(request)) {}
    [[nodiscard]] const ClientRequest& written() const noexcept { return request_; }

private:
    friend class WSRequestBuilder;
    void set_form(const FormData& form);
    void add_middleware(const Middleware& one);

    Connector connector_;
    ClientRequest request_;
};

}  // namespace weft::http
