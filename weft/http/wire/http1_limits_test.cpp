// SPDX-License-Identifier: Apache-2.0
// Goal:   a peer cannot make a parser keep more than wire::Limits say, and all that they allow is
//         read.
#include <cstddef>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <weft/http/method.hpp>
#include <weft/http/wire/http1_cut_test.hpp>
#include <weft/http/wire/http1_feed_test.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/limits.hpp>
#include <weft/http/wire/parse_error.hpp>

namespace weft::http::wire {
namespace {

using enum ParseProblem;

constexpr Limits small{.start_line_bytes_max = 20,
                       .field_bytes_max = 10,
                       .fields_max = 3,
                       .fields_bytes_max = 30,
                       .chunk_extension_bytes_max = 6,
                       .informational_max = 2};

TEST(Http1Limits, bound_the_first_line) {
    EXPECT_EQ(refusal_of_request("GET /2345678 HTTP/1.0\r\n\r\n", small), start_line_too_long);
    EXPECT_EQ(refusal_of_request("GET /234567 HTTP/1.0\r\n\r\n", small), std::nullopt);
    EXPECT_EQ(refusal_of_response("HTTP/1.1 200 12345678\r\n", Method::get, small),
              start_line_too_long);
    EXPECT_EQ(refusal_of_response("HTTP/1.1 200 1234567\r\n", Method::get, small), std::nullopt);
}

TEST(Http1Limits, bound_each_field) {
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.0\r\nA: 4567890\r\n\r\n", small), std::nullopt);
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.0\r\nA: 45678901\r\n\r\n", small), field_too_long);
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.0\r\nA:         1\r\n\r\n", small), field_too_long);
}

TEST(Http1Limits, bound_the_number_of_fields) {
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.0\r\nA:\r\nB:\r\nC:\r\n\r\n", small), std::nullopt);
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.0\r\nA:\r\nB:\r\nC:\r\nE:\r\n\r\n", small),
              too_many_fields);
}

TEST(Http1Limits, bound_all_fields_together) {
    EXPECT_EQ(refusal_of_request("GET / HTTP/1.0\r\nA: 456789\r\nB: 456789\r\nC: 4\r\n\r\n", small),
              std::nullopt);
    EXPECT_EQ(
        refusal_of_request("GET / HTTP/1.0\r\nA: 456789\r\nB: 456789\r\nC: 4567\r\n\r\n", small),
        fields_too_long);
}

TEST(Http1Limits, take_the_longest_that_the_defaults_allow) {
    const Limits limits;
    std::string request =
        "GET /" + std::string(limits.start_line_bytes_max - 14, 'a') + " HTTP/1.0\r\n";
    for (std::size_t i = 0; i < limits.fields_max; ++i)
        request += "A:" + std::to_string(i) + "\r\n";
    Listener<RequestParser> listener;
    listener.feed(request + "\r\n");
    EXPECT_FALSE(listener.error()) << listener.text();
    EXPECT_EQ(listener.taken(), request.size() + 2);

    Listener<RequestParser> longest;
    longest.feed("GET / HTTP/1.0\r\nA:" + std::string(limits.field_bytes_max - 2, 'a') +
                 "\r\n\r\n");
    EXPECT_FALSE(longest.error());
}

// A trailer is a header that comes late: CVE-2025-53643, CVE-2026-22815.
TEST(Http1Limits, count_trailers_with_the_headers) {
    Limits limits;
    limits.fields_max = 3;
    const std::string head =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    EXPECT_EQ(refusal_of_request(head + "A: b\r\n\r\n", limits), std::nullopt);
    EXPECT_EQ(refusal_of_request(head + "A: b\r\nC: d\r\n\r\n", limits), too_many_fields);
    limits.fields_max = 100;
    limits.fields_bytes_max = 9 + 28 + 6;
    EXPECT_EQ(refusal_of_request(head + "A: b\r\n\r\n", limits), std::nullopt);
    EXPECT_EQ(refusal_of_request(head + "A: bc\r\n\r\n", limits), fields_too_long);
}

TEST(Http1Limits, bound_all_chunk_extensions_together) {
    Limits limits;
    limits.chunk_extension_bytes_max = 6;
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(refusal_of_request(head + "1;abcde\r\nx\r\n0\r\n\r\n", limits), std::nullopt);
    EXPECT_EQ(refusal_of_request(head + "1;abcdef\r\nx\r\n0\r\n\r\n", limits),
              chunk_extensions_too_long);
    EXPECT_EQ(refusal_of_request(head + "1;ab\r\nx\r\n1;ab\r\nx\r\n0\r\n\r\n", limits),
              std::nullopt);
    EXPECT_EQ(refusal_of_request(head + "1;ab\r\nx\r\n1;abc\r\nx\r\n0\r\n\r\n", limits),
              chunk_extensions_too_long);
    EXPECT_EQ(refusal_of_request(head + "1;" + std::string(100, 'a'), limits),
              chunk_extensions_too_long);
}

TEST(Http1Limits, bound_the_informational_responses) {
    const std::string continues = "HTTP/1.1 100 C\r\n\r\n";
    EXPECT_EQ(refusal_of_response(continues + continues, Method::get, small), std::nullopt);
    EXPECT_EQ(refusal_of_response(continues + continues + continues, Method::get, small),
              too_many_informational);
}

TEST(Http1Limits, refuse_a_line_that_never_ends_before_it_does) {
    for (const std::string begin : {"", "GET / HTTP/1.0\r\n", "GET / HTTP/1.0\r\nA: "}) {
        RequestParser parser;
        std::string data = begin;
        std::size_t fed = 0;
        bool refused = false;
        while (!refused && fed < 100'000) {
            refused = !parser.next(data);
            fed += data.size();
            data.assign(10, 'a');
        }
        EXPECT_TRUE(refused);
        EXPECT_LT(fed, Limits().field_bytes_max + 100);
    }
}

// Goal:   the time is linear, whatever the pieces are: CVE-2026-54277.
// Method: count, do not measure: what a parser has to look at again would show in its buffer only,
//         so feed a great many bytes in pieces of one and wait for the test's own time limit.
TEST(Http1Limits, take_a_large_head_byte_by_byte) {
    Limits limits;
    limits.field_bytes_max = 8'000'000;
    limits.fields_bytes_max = 9'000'000;
    Listener<RequestParser> listener(limits);
    listener.feed("GET / HTTP/1.0\r\nA: ");
    const char byte = 'a';
    for (std::size_t i = 0; i < 7'000'000; ++i) listener.feed({&byte, 1});
    listener.feed("\r\n\r\n");
    EXPECT_FALSE(listener.error());
    EXPECT_GT(listener.text().size(), 7'000'000u);
}

}  // namespace
}  // namespace weft::http::wire
