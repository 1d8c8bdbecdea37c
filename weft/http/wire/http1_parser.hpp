// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http1_parser.hpp - RequestParser and ResponseParser: HTTP/1.1 out of bytes.
#pragma once

#include <cstddef>
#include <expected>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/fault.hpp>
#include <weft/http/wire/field_notes.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/message_head.hpp>
#include <weft/http/wire/message_parser.hpp>

namespace weft::http::wire {

/// Reads requests, for a server: next() of MessageParser, one message at a time.
///
/// It refuses whatever two programs could read differently, since that is how a request is smuggled
/// past one of them: see README.md for what others let pass.
///
/// Errors: those of ParseProblem; status_for() is the answer to give, and then to close.
/// Limits: wire::Limits.
/// Spec:   RFC 9112, RFC 9110 §7.
class RequestParser final : public MessageParser {
public:
    explicit RequestParser(const Limits& limits = {});

    /// Complete from Event::head on. May be moved from; start_next() makes it new.
    [[nodiscard]] RequestHead& head() noexcept { return head_; }
    /// Whether the client waits for `100 Continue` before it sends the body.
    /// Spec: RFC 9110 §10.1.1.
    [[nodiscard]] bool expects_continue() const noexcept;
    /// After Event::end: the next message may come.
    void start_next();

private:
    std::expected<void, internal::Fault> read_start_line(BytesView line) override;
    std::expected<Verdict, internal::Fault> judge(const internal::FieldNotes& notes) override;
    Headers& headers() noexcept override { return head_.headers; }

    RequestHead head_;
};

/// Reads responses, for a client: next() of MessageParser, one message at a time.
///
/// It is told the method of the request, since that decides whether there is a body.
///
/// Errors: those of ParseProblem; the connection is of no more use.
/// Limits: wire::Limits.
/// Spec:   RFC 9112, RFC 9110 §15. A response to CONNECT with a status 2xx, and a 101, end with
///         their head: what follows is another protocol's.
class ResponseParser final : public MessageParser {
public:
    explicit ResponseParser(const Method& request = Method::get, const Limits& limits = {});

    /// Complete from Event::head or Event::informational on. May be moved from.
    [[nodiscard]] ResponseHead& head() noexcept { return head_; }
    /// After Event::end, or before anything came: the response to another request may come.
    void start_next(const Method& request);

private:
    std::expected<void, internal::Fault> read_start_line(BytesView line) override;
    std::expected<Verdict, internal::Fault> judge(const internal::FieldNotes& notes) override;
    Headers& headers() noexcept override { return head_.headers; }

    Method::Known request_;
    std::size_t informational_ = 0;
    ResponseHead head_;
};

}  // namespace weft::http::wire
