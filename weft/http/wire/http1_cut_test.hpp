// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http1_cut_test.hpp - feeds whole, byte by byte, and cut at every offset, and wants
// the same of each.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http1_feed_test.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {

/// The listener to whom all was fed at once. Fails the test where another cut makes a difference.
template <class MakeListener>
auto listen_however_cut(BytesView data, bool ends, MakeListener make) {
    auto whole = make();
    whole.feed(data);
    if (ends) whole.feed_eof();

    auto bytewise = make();
    for (const char& byte : data) bytewise.feed({&byte, 1});
    if (ends) bytewise.feed_eof();
    EXPECT_EQ(bytewise.text(), whole.text()) << "byte by byte";

    for (std::size_t cut = 0; cut <= data.size(); ++cut) {
        auto pieces = make();
        pieces.feed(data.substr(0, cut));
        pieces.feed(data.substr(cut));
        if (ends) pieces.feed_eof();
        EXPECT_EQ(pieces.text(), whole.text()) << "cut at " << cut;
    }
    return whole.text();
}

/// What a server makes of `data`: see Listener::text().
inline std::string requests_in(BytesView data, const Limits& limits = {}) {
    return listen_however_cut(data, false, [&] { return Listener<RequestParser>(limits); });
}
/// What a client makes of `data` as the response to such a request.
inline std::string responses_in(BytesView data, const Method& request = Method::get,
                                const Limits& limits = {}) {
    return listen_however_cut(data, false,
                              [&] { return Listener<ResponseParser>(request, limits); });
}
/// The same when the server ends the stream behind it.
inline std::string responses_in_all_of(BytesView data, const Method& request = Method::get) {
    return listen_however_cut(data, true, [&] { return Listener<ResponseParser>(request); });
}

/// What `data` is refused for; nullopt where it is not.
inline std::optional<ParseProblem> refusal_of_request(BytesView data, const Limits& limits = {}) {
    requests_in(data, limits);
    Listener<RequestParser> listener(limits);
    listener.feed(data);
    if (!listener.error()) return std::nullopt;
    return listener.error()->problem;
}
inline std::optional<ParseProblem> refusal_of_response(BytesView data,
                                                       const Method& request = Method::get,
                                                       const Limits& limits = {}) {
    responses_in(data, request, limits);
    Listener<ResponseParser> listener(request, limits);
    listener.feed(data);
    if (!listener.error()) return std::nullopt;
    return listener.error()->problem;
}

}  // namespace weft::http::wire
