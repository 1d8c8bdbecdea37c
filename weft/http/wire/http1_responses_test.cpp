// SPDX-License-Identifier: Apache-2.0
// Goal:   ResponseParser reads what RFC 9112 allows, as the response to the request at hand.
// Method: http1_cut_test.hpp feeds each example whole, byte by byte and cut at every offset.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/http/method.hpp>
#include <weft/http/wire/http1_cut_test.hpp>
#include <weft/http/wire/http1_feed_test.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {
namespace {

TEST(Http1Responses, have_a_head_and_a_body) {
    EXPECT_EQ(responses_in("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello"),
              "[200 'OK' 1.1 Content-Length=5 Server=x]{hello}.");
    EXPECT_EQ(responses_in("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "5\r\nhello\r\n0\r\n\r\n"),
              "[404 'Not Found' 1.1 Transfer-Encoding=chunked]{hello}.");
}

TEST(Http1Responses, have_any_reason_or_none) {
    const auto with = [](std::string_view line) {
        return responses_in(std::string(line) + "\r\nContent-Length: 0\r\n\r\n");
    };
    EXPECT_EQ(with("HTTP/1.1 200 "), "[200 '' 1.1 Content-Length=0].");
    EXPECT_EQ(with("HTTP/1.1 200"), "[200 '' 1.1 Content-Length=0].");
    EXPECT_EQ(with("HTTP/1.1 999 O\tK \xe9"), "[999 'O\tK \xe9' 1.1 Content-Length=0].");
}

TEST(Http1Responses, have_a_status_of_three_digits) {
    for (const auto line :
         {"HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK", "HTTP/1.1  200",
          "HTTP/1.1 +20 OK", "HTTP/1.1 2\xd9\xa0 OK", "HTTP/1.1 ", "HTTP/1.1 200\tOK"}) {
        EXPECT_EQ(refusal_of_response(std::string(line) + "\r\n"), ParseProblem::bad_status)
            << line;
    }
    EXPECT_EQ(refusal_of_response("HTTP/1.1\r\n"), ParseProblem::bad_status_line);
}

// RFC 9112 §6.3
TEST(Http1Responses, without_a_length_last_until_the_stream_ends) {
    EXPECT_EQ(responses_in_all_of("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
              "[200 'OK' 1.1]{HTTP/1.1 200 OK\r\n\r\n}!");
    EXPECT_EQ(responses_in_all_of("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"),
              "[200 'OK' 1.0 Connection=keep-alive]!");
}

TEST(Http1Responses, that_are_cut_off_are_refused) {
    EXPECT_EQ(responses_in_all_of("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"),
              "[200 'OK' 1.1 Content-Length=3]{hi… the connection ended within the message; at "
              "byte 40 of the message");
    EXPECT_EQ(responses_in_all_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "2\r\nhi\r\n0\r\n"),
              "[200 'OK' 1.1 Transfer-Encoding=chunked]{hi… the connection ended within the "
              "message; at byte 57 of the message");
    EXPECT_EQ(responses_in_all_of("HTTP/1.1 100 Continue\r\n\r\n"),
              "[1xx 100 'Continue' 1.1] the connection ended within the message; at byte 25 of the "
              "message");
    EXPECT_EQ(responses_in_all_of(""), "");
}

// RFC 9112 §6.3
TEST(Http1Responses, without_a_body_end_with_their_head) {
    constexpr auto next = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    constexpr auto and_next = ".[200 'OK' 1.1 Content-Length=0].";
    EXPECT_EQ(responses_in(std::string("HTTP/1.1 204 No Content\r\n\r\n") + next),
              std::string("[204 'No Content' 1.1]") + and_next);
    EXPECT_EQ(responses_in(std::string("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n") + next),
              std::string("[204 'No' 1.1 Content-Length=0]") + and_next);
    EXPECT_EQ(responses_in(std::string("HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\n") + next),
              std::string("[304 'Not' 1.1 Content-Length=5]") + and_next);
    EXPECT_EQ(
        responses_in(std::string("HTTP/1.1 304 Not\r\nTransfer-Encoding: chunked\r\n\r\n") + next),
        std::string("[304 'Not' 1.1 Transfer-Encoding=chunked]") + and_next);
    EXPECT_EQ(responses_in(std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") + next,
                           Method::head),
              std::string("[200 'OK' 1.1 Content-Length=5]") + and_next);
}

TEST(Http1Responses, that_announce_a_body_which_they_cannot_have_are_refused) {
    for (const auto head : {"HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\n",
                            "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
                            "HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\n",
                            "HTTP/1.1 101 Switching\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        EXPECT_EQ(refusal_of_response(head), ParseProblem::body_not_allowed) << head;
    }
}

// RFC 9110 §15.2
TEST(Http1Responses, may_come_after_informational_ones) {
    EXPECT_EQ(responses_in("HTTP/1.1 100 Continue\r\n\r\n"
                           "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
                           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
              "[1xx 100 'Continue' 1.1][1xx 103 'Early Hints' 1.1 Link=<a>]"
              "[200 'OK' 1.1 Content-Length=2]{hi}.");
}

TEST(Http1Responses, that_switch_protocols_end_with_their_head) {
    EXPECT_EQ(responses_in("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\n\r\n\x81\x05hello"),
              "[101 'Switching Protocols' 1.1 Upgrade=websocket Connection=Upgrade]^!");
}

// RFC 9110 §9.3.6
TEST(Http1Responses, to_connect_open_a_tunnel_or_are_like_others) {
    Listener<ResponseParser> listener(Method::connect);
    constexpr std::string_view head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    listener.feed(std::string(head) + "\x16\x03\x01");
    EXPECT_EQ(listener.taken(), head.size());
    EXPECT_EQ(listener.text(), "[200 'OK' 1.1 Content-Length=5]!");
    EXPECT_EQ(responses_in("HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno", Method::connect),
              "[407 'Auth' 1.1 Content-Length=2]{no}.");
}

TEST(Http1Responses, tell_whether_the_connection_stays) {
    EXPECT_EQ(
        responses_in("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").back(),
        '!');
    EXPECT_EQ(responses_in("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").back(), '!');
    EXPECT_EQ(responses_in("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")
                  .back(),
              '.');
}

TEST(Http1Responses, need_no_host) {
    EXPECT_EQ(responses_in("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
              "[200 'OK' 1.1 Content-Length=0].");
}

TEST(Http1Responses, never_follow_an_empty_line) {
    EXPECT_EQ(refusal_of_response("\r\nHTTP/1.1 200 OK\r\n\r\n"), ParseProblem::bad_version);
}

}  // namespace
}  // namespace weft::http::wire
