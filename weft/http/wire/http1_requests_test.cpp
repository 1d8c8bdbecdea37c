// SPDX-License-Identifier: Apache-2.0
// Goal:   RequestParser reads what RFC 9112 allows, message after message.
// Method: http1_cut_test.hpp feeds each example whole, byte by byte and cut at every offset.
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http1_cut_test.hpp>
#include <weft/http/wire/http1_feed_test.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/message_parser.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {
namespace {

TEST(Http1Requests, have_a_head) {
    EXPECT_EQ(requests_in("GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n"),
              "[GET /a?b=c 1.1 Host=a.example Accept=*/*].");
    EXPECT_EQ(requests_in("GET / HTTP/1.0\r\n\r\n"), "[GET / 1.0]!");
}

TEST(Http1Requests, have_any_method_that_is_a_token) {
    EXPECT_EQ(requests_in("M-SEARCH / HTTP/1.1\r\nHost:\r\n\r\n"), "[M-SEARCH / 1.1 Host=].");
    EXPECT_EQ(requests_in("GETX / HTTP/1.1\r\nHost:\r\n\r\n"), "[GETX / 1.1 Host=].");
    EXPECT_EQ(requests_in("get / HTTP/1.1\r\nHost:\r\n\r\n"), "[get / 1.1 Host=].");
}

// RFC 9112 §3.2
TEST(Http1Requests, have_the_form_of_target_that_goes_with_the_method) {
    const auto with = [](std::string_view start) {
        return requests_in(std::string(start) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    };
    EXPECT_EQ(with("GET http://a.example:80/b?c"), "[GET http://a.example:80/b?c 1.1 Host=a].");
    EXPECT_EQ(with("OPTIONS *"), "[OPTIONS * 1.1 Host=a].");
    EXPECT_EQ(with("CONNECT a.example:443"), "[CONNECT a.example:443 1.1 Host=a].");
    EXPECT_EQ(with("CONNECT [::1]:443"), "[CONNECT [::1]:443 1.1 Host=a].");
    EXPECT_EQ(with("GET /|{}^`\"'<>"), "[GET /|{}^`\"'<> 1.1 Host=a].");
    for (const auto start :
         {"GET *", "GET a", "GET a.example:443", "GET ://a", "CONNECT /", "CONNECT a",
          "CONNECT a:", "CONNECT :443", "CONNECT http://a:80", "CONNECT u@a:80", "CONNECT a\"b:80",
          "CONNECT [::1]", "CONNECT a:8x", "GET /a#b", "GET /\xc3\xa9", "GET /a\tb"}) {
        EXPECT_EQ(refusal_of_request(std::string(start) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
                  ParseProblem::bad_target)
            << start;
    }
}

TEST(Http1Requests, may_follow_one_empty_line) {
    EXPECT_EQ(requests_in("\r\nGET / HTTP/1.0\r\n\r\n"), "[GET / 1.0]!");
    EXPECT_EQ(refusal_of_request("\r\n\r\nGET / HTTP/1.0\r\n\r\n"), ParseProblem::bad_method);
    EXPECT_EQ(refusal_of_request("\nGET / HTTP/1.0\r\n\r\n"), ParseProblem::bare_line_feed);
}

TEST(Http1Requests, have_values_without_the_white_space_around_them) {
    EXPECT_EQ(requests_in("GET / HTTP/1.0\r\nA:b\r\nC: \t d\tf \t\r\nF:\r\nG: \t\r\n\r\n"),
              "[GET / 1.0 A=b C=d\tf F= G=]!");
    EXPECT_EQ(requests_in("GET / HTTP/1.0\r\nA: \x80\xff\xc3\xa9\r\n\r\n"),
              "[GET / 1.0 A=\x80\xff\xc3\xa9]!");
}

TEST(Http1Requests, have_a_body_of_the_length_that_they_tell) {
    EXPECT_EQ(requests_in("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
              "[POST / 1.1 Host=a Content-Length=5]{hello}.");
    EXPECT_EQ(requests_in("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n"),
              "[POST / 1.1 Host=a content-length=0].");
    EXPECT_EQ(requests_in("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0002\r\n\r\nhi"),
              "[POST / 1.1 Host=a Content-Length=0002]{hi}.");
    EXPECT_EQ(requests_in("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell"),
              "[GET / 1.1 Host=a Content-Length=5]{hell…");
}

TEST(Http1Requests, follow_each_other) {
    EXPECT_EQ(requests_in("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                          "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "2\r\nho\r\n0\r\n\r\n"
                          "\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                          "GET /4 HTTP/1.1\r\n"),
              "[POST /1 1.1 Host=a Content-Length=2]{hi}."
              "[POST /2 1.1 Host=a Transfer-Encoding=chunked]{ho}."
              "[GET /3 1.1 Host=a Connection=close]!");
}

TEST(Http1Requests, are_taken_one_at_a_time) {
    constexpr std::string_view first = "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi";
    RequestParser parser;
    BytesView data = "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.0\r\n\r\n";
    std::size_t used = 0;
    for (const auto event : {Event::head, Event::body, Event::end, Event::end}) {
        const auto step = parser.next(data);
        ASSERT_TRUE(step);
        EXPECT_EQ(step->event, event);
        data.remove_prefix(step->used);
        used += step->used;
    }
    EXPECT_EQ(used, first.size());
    EXPECT_TRUE(parser.is_over());
    parser.start_next();
    EXPECT_TRUE(parser.is_idle());
    const auto step = parser.next(data);
    ASSERT_TRUE(step);
    EXPECT_EQ(parser.head().method, Method::get);
}

TEST(Http1Requests, are_read_in_a_loop) {
    BytesView data = "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi";
    Bytes body;
    RequestParser parser;
    for (;;) {
        const auto step = parser.next(data);
        if (!step) throw ValueError(describe(step.error()));
        data.remove_prefix(step->used);
        if (step->event == Event::body) body += step->body;
        if (step->event == Event::end) break;
    }
    EXPECT_EQ(body, "hi");
    EXPECT_EQ(parser.head().target, "/");
}

TEST(Http1Requests, give_the_body_where_it_was_fed) {
    RequestParser parser;
    const BytesView data = "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi";
    const auto head = parser.next(data);
    ASSERT_TRUE(head);
    const auto body = parser.next(data.substr(head->used));
    ASSERT_TRUE(body);
    EXPECT_EQ(body->body.data(), data.data() + data.size() - 2);
}

// RFC 9112 §9.3
TEST(Http1Requests, tell_whether_the_connection_stays) {
    const auto with = [](std::string_view version, std::string_view connection) {
        Listener<RequestParser> listener;
        listener.feed("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n" +
                      std::string(connection) + "\r\n");
        return listener.text().back() == '.';
    };
    EXPECT_TRUE(with("1.1", ""));
    EXPECT_FALSE(with("1.1", "Connection: close\r\n"));
    EXPECT_FALSE(with("1.1", "Connection: Keep-Alive, CLOSE\r\n"));
    EXPECT_FALSE(with("1.1", "Connection: foo\r\nConnection:\tclose\t,\r\n"));
    EXPECT_TRUE(with("1.1", "Connection: closed\r\n"));
    EXPECT_TRUE(with("1.1", "Connection: not close\r\n"));
    EXPECT_TRUE(with("1.1", "Keep-Alive: close\r\n"));
    EXPECT_FALSE(with("1.0", ""));
    EXPECT_TRUE(with("1.0", "Connection: keep-alive\r\n"));
    EXPECT_FALSE(with("1.0", "Connection: keep-alive, close\r\n"));
    EXPECT_TRUE(with("1.1", "Connection: ,,\r\n"));
}

// RFC 9110 §7.8
TEST(Http1Requests, may_ask_for_another_protocol) {
    EXPECT_EQ(requests_in("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
                          "Upgrade: websocket\r\n\r\n\x81\x05hello"),
              "[GET /chat 1.1 Host=a Connection=keep-alive, Upgrade Upgrade=websocket]^.");
    const auto asks = [](std::string_view request) {
        Listener<RequestParser> listener;
        listener.feed(request);
        return listener.parser().upgrade();
    };
    EXPECT_TRUE(asks("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"));
    EXPECT_FALSE(asks("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n"));
    EXPECT_FALSE(asks("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n"));
    EXPECT_FALSE(asks("GET / HTTP/1.0\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"));
}

TEST(Http1Requests, leave_what_follows_a_connect_alone) {
    Listener<RequestParser> listener;
    constexpr std::string_view head = "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n";
    listener.feed(std::string(head) + "\x16\x03\x01");
    EXPECT_EQ(listener.taken(), head.size());
    EXPECT_TRUE(listener.parser().is_over());
}

// RFC 9110 §10.1.1
TEST(Http1Requests, may_expect_a_100_before_the_body) {
    const auto expects = [](std::string_view request) {
        RequestParser parser;
        const auto step = parser.next(request);
        return step && step->event == Event::head && parser.expects_continue();
    };
    EXPECT_TRUE(
        expects("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n"
                "Content-Length: 1\r\n\r\n"));
    EXPECT_TRUE(
        expects("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                "Transfer-Encoding: chunked\r\n\r\n"));
    EXPECT_FALSE(expects("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"));
    EXPECT_FALSE(expects("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_FALSE(expects("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
    EXPECT_FALSE(expects("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 200\r\nContent-Length: 1\r\n\r\n"));
}

TEST(Http1Requests, tell_the_length_of_the_body) {
    const auto length_of = [](std::string_view request) {
        RequestParser parser;
        EXPECT_TRUE(parser.next(request));
        return parser.body_length();
    };
    EXPECT_EQ(length_of("GET / HTTP/1.0\r\n\r\n"), 0u);
    EXPECT_EQ(length_of("GET / HTTP/1.0\r\nContent-Length: 9223372036854775807\r\n\r\n"),
              9223372036854775807u);
    EXPECT_FALSE(length_of("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST(Http1Requests, that_are_cut_off_are_told_from_a_connection_that_is_idle) {
    const auto at_eof = [](std::string_view data) {
        return listen_however_cut(data, true, [] { return Listener<RequestParser>(); });
    };
    EXPECT_EQ(at_eof(""), "");
    EXPECT_EQ(at_eof("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "[GET / 1.1 Host=a].");
    EXPECT_EQ(at_eof("GET / HTTP/1.1\r\nHo"),
              " the connection ended within the message; at byte 18 of the message");
    EXPECT_EQ(at_eof("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nhi"),
              "[POST / 1.0 Content-Length=3]{hi… the connection ended within the message; at byte "
              "40 of the message");
}

TEST(Http1Requests, keep_to_their_error_once_they_were_refused) {
    RequestParser parser;
    const auto refused = parser.next("G@T / HTTP/1.1\r\n");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().culprit(), "G@T");
    const auto again = parser.next("GET / HTTP/1.0\r\n\r\n");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().problem, ParseProblem::bad_method);
    EXPECT_FALSE(parser.feed_eof());
}

TEST(Http1Requests, hand_their_head_over) {
    RequestParser parser;
    ASSERT_TRUE(parser.next("GET /a HTTP/1.0\r\nA: b\r\n\r\n"));
    const RequestHead head = std::move(parser.head());
    ASSERT_EQ(parser.next("")->event, Event::end);
    parser.start_next();
    ASSERT_TRUE(parser.next("GET /c HTTP/1.0\r\nX: e\r\n\r\n"));
    EXPECT_EQ(text_of(head), "GET /a 1.0 A=b");
    EXPECT_EQ(text_of(parser.head()), "GET /c 1.0 X=e");
}

}  // namespace
}  // namespace weft::http::wire
