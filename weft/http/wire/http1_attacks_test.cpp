// SPDX-License-Identifier: Apache-2.0
// Goal:   what let requests be smuggled past others, or headers be split, is refused here.
// Method: one test for each lesson, with the vulnerabilities that taught it; http1_cut_test.hpp feeds
//         each example whole, byte by byte and cut at every offset. Of trailers and chunks there is
//         more in http1_chunks_test.cpp, of sizes in http1_limits_test.cpp.
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/http/wire/http1_cut_test.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {
namespace {

using namespace std::string_view_literals;
using enum ParseProblem;

// A request and a response with these lines behind the first one.
std::optional<ParseProblem> request_with(std::string_view lines, std::string_view version = "1.1") {
    return refusal_of_request("POST / HTTP/" + std::string(version) + "\r\nHost: a\r\n" +
                              std::string(lines) + "\r\n\r\nhello");
}
std::optional<ParseProblem> response_with(std::string_view lines,
                                          std::string_view version = "1.1") {
    return refusal_of_response("HTTP/" + std::string(version) + " 200 OK\r\n" + std::string(lines) +
                               "\r\n\r\nhello");
}
void expect_refused(std::string_view lines, ParseProblem problem) {
    EXPECT_EQ(request_with(lines), problem) << "request with " << lines;
    EXPECT_EQ(response_with(lines), problem) << "response with " << lines;
}

// Each end believes another one: CVE-2022-32213, CVE-2023-38697.
TEST(Http1Attacks, content_length_beside_transfer_encoding) {
    expect_refused("Content-Length: 5\r\nTransfer-Encoding: chunked", length_and_transfer_encoding);
    expect_refused("Transfer-Encoding: chunked\r\nContent-Length: 5", length_and_transfer_encoding);
    expect_refused("Content-Length: 0\r\nX: y\r\nTransfer-Encoding: chunked",
                   length_and_transfer_encoding);
    expect_refused("Content-Length: 5\r\nTransfer-Encoding: identity",
                   length_and_transfer_encoding);
}

// CVE-2023-47627: int() of Python takes all of these.
TEST(Http1Attacks, content_length_that_only_some_take_for_a_number) {
    for (const auto value :
         {"+5"sv, "-5"sv, "-0"sv, "1_0"sv, "0x5"sv, "5 5"sv, "5,5"sv, "5, 5"sv, "5, 6"sv, ""sv,
          "5."sv, "5e0"sv, "\xd9\xa5"sv, "\xef\xbc\x95"sv, "\"5\""sv, "5;"sv, "5\xa0"sv, "abc"sv,
          "\x85"
          "5"sv}) {
        expect_refused("Content-Length: " + std::string(value), bad_content_length);
    }
    expect_refused("Content-Length: 5\v", bad_field_value);
    expect_refused("Content-Length: 5\0"sv, bad_field_value);
    expect_refused(
        "Content-Length: \x1c"
        "5",
        bad_field_value);
}

// RUSTSEC-2021-0078 (hyper): a length that wraps around.
TEST(Http1Attacks, content_length_that_overflows) {
    for (const auto value : {"9223372036854775808", "18446744073709551616", "18446744073709551621",
                             "100000000000000000000000000000005"}) {
        expect_refused("Content-Length: " + std::string(value), bad_content_length);
    }
}

// CVE-2024-1135: each takes another one of two.
TEST(Http1Attacks, second_content_length) {
    expect_refused("Content-Length: 5\r\nContent-Length: 6", duplicate_content_length);
    expect_refused("Content-Length: 5\r\nContent-Length: 5", duplicate_content_length);
    expect_refused("Content-Length: 5\r\nX: y\r\ncontent-length: 0", duplicate_content_length);
}

// Two codings, or one that is none: CVE-2022-32215, CVE-2023-47641, RUSTSEC-2020-0008.
TEST(Http1Attacks, transfer_encoding_that_only_some_take_for_chunked) {
    for (const auto value :
         {"xchunked"sv, "chunked, identity"sv, "identity"sv, "gzip, chunked"sv,
          "chunked, chunked"sv, ",chunked"sv, "chunked,"sv, "chunked;a=b"sv, "\"chunked\""sv,
          "chunked chunked"sv, ""sv, "chunke"sv, "'chunked'"sv, "chunked\x85"sv, "chunked\xa0"sv}) {
        expect_refused("Transfer-Encoding: " + std::string(value), bad_transfer_encoding);
    }
    for (const auto value : {"\vchunked"sv, "chunked\f"sv, "chunked\0"sv,
                             "\x1f"
                             "chunked"sv}) {
        expect_refused("Transfer-Encoding: " + std::string(value), bad_field_value);
    }
    expect_refused("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                   duplicate_transfer_encoding);
    expect_refused("Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
                   duplicate_transfer_encoding);
    expect_refused("Transfer-Encoding: x\r\nTransfer-Encoding: chunked", bad_transfer_encoding);
}

// Coding names have no case, and spaces around them mean nothing: RFC 9112 §7.
TEST(Http1Attacks, chunked_in_any_case_is_chunked) {
    const std::string rest = "\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    EXPECT_EQ(requests_in("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \t cHUNKed " + rest),
              "[POST / 1.1 Host=a Transfer-Encoding=cHUNKed]{x}.");
}

// RFC 9112 §6.1: a proxy that speaks 1.0 knows nothing of it.
TEST(Http1Attacks, transfer_encoding_of_http_1_0) {
    EXPECT_EQ(request_with("Transfer-Encoding: chunked", "1.0"),
              ParseProblem::transfer_encoding_of_http_1_0);
    EXPECT_EQ(response_with("Transfer-Encoding: chunked", "1.0"),
              ParseProblem::transfer_encoding_of_http_1_0);
}

// A name that is only like it is another header; where it counts, nothing may make it alike.
TEST(Http1Attacks, names_that_only_some_take_for_a_framing_header) {
    for (const auto line :
         {"Content-Length : 5", "Content-Length\t: 5", "Transfer-Encoding : chunked",
          "Content-Length\x01: 5", "Content Length: 5", ": 5", "Content-Length\x80: 5",
          "\x0b"
          "Content-Length: 5",
          "Transfer-Encoding\xc2\xa0: chunked", "X(Y): z", "X\"Y: z", "X\\: z", "X/Y: z",
          "X[]: z"}) {
        expect_refused(line, bad_field_name);
    }
    // Behind a header that is another one, "hello" is no body but a request.
    for (const auto line : {"Content_Length: 5", "Content-Lengt: 5", "Content-Lengthh: 5",
                            "Transfer_Encoding: chunked"}) {
        EXPECT_EQ(refusal_of_request("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(line) +
                                     "\r\n\r\nhe@lo\r\n"),
                  bad_method)
            << line;
    }
}

// CVE-2023-37276, CVE-2024-23829: white space before the name, lines that go on.
TEST(Http1Attacks, folded_lines) {
    expect_refused("X: a\r\n b", folded_field);
    expect_refused("X: a\r\n\tb", folded_field);
    expect_refused("X: a\r\n ", folded_field);
    expect_refused("Transfer-Encoding:\r\n chunked", bad_transfer_encoding);
    expect_refused("X: a\r\n Content-Length: 5", folded_field);
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), folded_field);
    EXPECT_EQ(refusal_of_response("HTTP/1.1 200 OK\r\n\tX: a\r\n\r\n"), folded_field);
}

// CVE-2025-43859, CVE-2025-55315, CVE-2025-22871.
TEST(Http1Attacks, line_feeds_alone) {
    expect_refused("X: a\nY: b", bare_line_feed);
    expect_refused("X: a\n\nGET / HTTP/1.1", bare_line_feed);
    expect_refused("X\nY: b", bare_line_feed);
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\nHost: a\n\n"), bare_line_feed);
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\r\nHost: a\r\n\n"), bare_line_feed);
    EXPECT_EQ(refusal_of_response("HTTP/1.1 200 OK\nX: a\n\n"), bare_line_feed);
}

// CVE-2022-32214: what follows a carriage return is a header to some.
TEST(Http1Attacks, carriage_returns_alone) {
    expect_refused("X: a\rContent-Length: 5", bare_carriage_return);
    expect_refused("X: a\r\rY: b", bare_carriage_return);
    expect_refused("X: a\r\r", bare_carriage_return);
    expect_refused("\rX: a", bad_field_name);
    expect_refused("X: a\r\n\rX", missing_colon);  // behind it others see the end of the head
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\rHost: a\r\n\r\n"), bad_version);
    EXPECT_EQ(refusal_of_request("GET /\rX: HTTP/1.1\r\nHost: a\r\n\r\n"), bad_target);
    EXPECT_EQ(refusal_of_response("HTTP/1.1 200 O\rK\r\n\r\n"), bad_reason);
}

// CVE-2026-34520 (NUL in responses), CVE-2025-69224 (digits and letters of Unicode).
TEST(Http1Attacks, control_bytes_in_values) {
    for (int byte = 0; byte < 0x20; ++byte) {
        if (byte == '\t' || byte == '\r' || byte == '\n') continue;
        expect_refused("X: a" + std::string(1, static_cast<char>(byte)) + "b", bad_field_value);
    }
    expect_refused("X: a\x7f", bad_field_value);
}

// CVE-2026-44546: \x0b, \x0c, \x1c to \x1e and \x85 end a line for str.splitlines() of Python.
TEST(Http1Attacks, bytes_at_which_only_some_split_lines) {
    for (const auto byte : {"\v"sv, "\f"sv, "\x1c"sv, "\x1d"sv, "\x1e"sv}) {
        expect_refused("X: a" + std::string(byte) + "Content-Length: 5", bad_field_value);
    }
    const std::string next_line = "HTTP/1.1 200 OK\r\nX: a\x85Y: b\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(responses_in(next_line), "[200 'OK' 1.1 X=a\x85Y: b Content-Length=0].");
}

TEST(Http1Attacks, lines_without_a_colon) {
    expect_refused("Content-Length", missing_colon);
    expect_refused("GET /admin HTTP/1.1", missing_colon);
}

// CVE-2023-47641: HTTP/1.1 to one is something else to another.
TEST(Http1Attacks, versions_that_only_some_take_for_1_1) {
    for (const auto version :
         {"HTTP/1.",      "HTTP/1.11", "HTTP/01.1", "HTTP/1.1 ",       " HTTP/1.1",
          "http/1.1",     "HTTP/1,1",  "HTTP/+1.1", "HTTP/1.\xd9\xa1", "HTTP /1.1",
          "HTTP",         "HTTP/",     "HTTP/1",    "HTTP/11",         "HTTP/1.32",
          "HTTP/65537.1", "ICY",       "HTTPS/1.1", "HTTP/1.1\t",      "\tHTTP/1.1"}) {
        EXPECT_EQ(refusal_of_request("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n"),
                  bad_version)
            << version;
    }
    for (const auto version : {"HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0"}) {
        EXPECT_EQ(refusal_of_request("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n"),
                  unsupported_version);
        EXPECT_EQ(refusal_of_response(std::string(version) + " 200 OK\r\n\r\n"),
                  unsupported_version);
    }
    EXPECT_EQ(refusal_of_request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), bad_target);
}

TEST(Http1Attacks, first_lines_that_only_some_take_for_a_request) {
    for (const auto line : {" GET / HTTP/1.1", "G@T / HTTP/1.1", "GET\t/\tHTTP/1.1",
                            "GET\xa0/ HTTP/1.1", "\"GET / HTTP/1.1", "G\x01T / HTTP/1.1"}) {
        EXPECT_EQ(refusal_of_request(std::string(line) + "\r\nHost: a\r\n\r\n"), bad_method)
            << line;
    }
    for (const auto line : {"GET", "GET /", "GET /a"}) {
        EXPECT_EQ(refusal_of_request(std::string(line) + "\r\nHost: a\r\n\r\n"), bad_request_line)
            << line;
    }
    for (const auto line : {"GET  / HTTP/1.1", "GET / /b HTTP/1.1"}) {
        EXPECT_TRUE(refusal_of_request(std::string(line) + "\r\nHost: a\r\n\r\n")) << line;
    }
}

// RFC 9112 §3.2: who routes by one Host and who by another.
TEST(Http1Attacks, hosts_that_only_some_take_for_the_same) {
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\r\n\r\n"), missing_host);
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), duplicate_host);
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n"), duplicate_host);
    for (const auto host :
         {"a, b", "a b", "a/b", "u@a", "a:b", "a:80:80", "a?b", "a#b", "http://a", "[::1", "[]",
          "[::1]a", "a\\b", "a\xc3\xa9", "a,b", "[::1]:x", "a|b", "<a>"}) {
        EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"),
                  bad_host)
            << host;
    }
    for (const auto host : {"a.example", "a.example:8080", "127.0.0.1:80", "[::1]",
                            "[fe80::1%25eth0]:80", "a_b-c~d", "a%20b", "", "a:"}) {
        EXPECT_EQ(refusal_of_request("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"),
                  std::nullopt)
            << host;
    }
}

// What a CONNECT sends behind its head belongs to nobody but the tunnel.
TEST(Http1Attacks, connect_with_a_body) {
    for (const auto line : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
        EXPECT_EQ(refusal_of_request("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n" + std::string(line) +
                                     "\r\n\r\n"),
                  body_not_allowed);
    }
    EXPECT_EQ(refusal_of_request("CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
              std::nullopt);
}

// CVE-2024-52304: a GET has the body that its headers tell of, whatever it is good for.
TEST(Http1Attacks, body_of_a_get_is_no_request) {
    EXPECT_EQ(requests_in("GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n"
                          "GET /2 HTTP/1.0\r\n\r\n"
                          "\r\nGET /3 HTTP/1.0\r\n\r\n"),
              "[GET /1 1.1 Host=a Content-Length=21]{GET /2 HTTP/1.0\r\n\r\n\r\n}.[GET /3 1.0]!");
}

// What stands where no body may be is the next request, not the body of the last one.
TEST(Http1Attacks, bytes_behind_a_body_of_no_length) {
    EXPECT_EQ(requests_in("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
                          "GET /2 HTTP/1.0\r\n\r\n"),
              "[POST /1 1.1 Host=a Content-Length=0].[GET /2 1.0]!");
}

// A head that is moved from one message to the next: CVE-2024-24791 and its like.
TEST(Http1Attacks, nothing_of_a_message_stays_for_the_next) {
    EXPECT_EQ(
        requests_in("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"
                    "0\r\nT: u\r\n\r\n"
                    "POST /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\n\r\nz"
                    "GET /3 HTTP/1.1\r\nHost: c\r\n\r\n"),
        "[POST /1 1.1 Host=a Transfer-Encoding=chunked X=y]( T=u)."
        "[POST /2 1.1 Host=b Content-Length=1]{z}.[GET /3 1.1 Host=c].");
    EXPECT_EQ(responses_in("HTTP/1.1 103 Hints\r\nConnection: close\r\nX: y\r\n\r\n"
                           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
              "[1xx 103 'Hints' 1.1 Connection=close X=y][200 'OK' 1.1 Content-Length=0].");
}

}  // namespace
}  // namespace weft::http::wire
