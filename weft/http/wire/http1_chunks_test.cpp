// SPDX-License-Identifier: Apache-2.0
// Goal:   a chunked body is read as RFC 9112 §7.1 says, and nothing that is only like it.
// Method: http1_cut_test.hpp feeds each example whole, byte by byte and cut at every offset.
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

constexpr auto head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"sv;

std::string body_of(std::string_view chunks) {
    const std::string text = requests_in(std::string(head).append(chunks));
    return text.substr(text.find(']') + 1);
}
std::optional<ParseProblem> refusal_of(std::string_view chunks) {
    return refusal_of_request(std::string(head).append(chunks));
}

TEST(Http1Chunks, make_the_body) {
    EXPECT_EQ(body_of("0\r\n\r\n"), ".");
    EXPECT_EQ(body_of("5\r\nhello\r\n0\r\n\r\n"), "{hello}.");
    EXPECT_EQ(body_of("1\r\nh\r\n00a\r\nello world\r\n0000\r\n\r\n"), "{hello world}.");
    EXPECT_EQ(body_of("B\r\nhello\r\nworl\r\n0\r\n\r\n"), "{hello\r\nworl}.");
}

TEST(Http1Chunks, may_have_extensions_which_are_ignored) {
    EXPECT_EQ(body_of("1;a\r\nx\r\n0;b=c\r\n\r\n"), "{x}.");
    EXPECT_EQ(body_of("1;a=\"b;\\\"\r\nx\r\n"),
              " '1;a=\"b;\\x5c\"' is no chunk extension, which is "
              ";NAME or ;NAME=VALUE; at byte 56 of the message");
    EXPECT_EQ(body_of("1 ;\ta = \"b; \\\" c\" ;d=e\r\nx\r\n0\r\n\r\n"), "{x}.");
}

TEST(Http1Chunks, have_an_extension_that_is_one) {
    for (const auto line : {"1;", "1;;a", "1;a=", "1;=b", "1;a b", "1;a=b c", "1;a=\"b", "1;a\x01",
                            "1;a=\"\x7f\"", "1;a,b", "1;a=\"b\"c"}) {
        EXPECT_EQ(refusal_of(std::string(line) + "\r\nx\r\n"), bad_chunk_extension) << line;
    }
}

TEST(Http1Chunks, have_a_size_of_hexadecimal_digits_alone) {
    for (const auto line : {"", "g", "0x1", "+1", "-1", "-0", " 1", "\t1", "1 ", "1\t", "1_0",
                            "1.0", "1h", "\xd9\xa1", "1,", "\"1\"", "1\v;a", "10000000000000001"}) {
        EXPECT_EQ(refusal_of(std::string(line) + "\r\nx\r\n"), bad_chunk_size) << line;
    }
}

TEST(Http1Chunks, have_a_size_within_63_bits) {
    EXPECT_EQ(refusal_of("7fffffffffffffff\r\nx"), std::nullopt);
    EXPECT_EQ(refusal_of("8000000000000000\r\nx"), bad_chunk_size);
    EXPECT_EQ(refusal_of("ffffffffffffffff\r\nx"), bad_chunk_size);
    EXPECT_EQ(refusal_of("0000000000000001\r\nx"), std::nullopt);
}

TEST(Http1Chunks, end_with_cr_lf_where_the_size_said) {
    EXPECT_EQ(refusal_of("1\r\nxy\r\n0\r\n\r\n"), missing_chunk_end);
    EXPECT_EQ(refusal_of("1\r\nx\n0\r\n\r\n"), missing_chunk_end);
    EXPECT_EQ(refusal_of("1\r\nx\r0\r\n\r\n"), missing_chunk_end);
    EXPECT_EQ(refusal_of("1\r\nx0\r\n\r\n"), missing_chunk_end);
    EXPECT_EQ(refusal_of("2\r\nx\r\n0\r\n\r\n"), missing_chunk_end);
}

TEST(Http1Chunks, have_lines_that_end_with_cr_lf) {
    EXPECT_EQ(refusal_of("1\nx\r\n0\r\n\r\n"), bare_line_feed);
    EXPECT_EQ(refusal_of("1;a\nx\r\n0\r\n\r\n"), bare_line_feed);
    EXPECT_EQ(refusal_of("1\rX\r\nx\r\n0\r\n\r\n"), bad_chunk_size);
    EXPECT_EQ(refusal_of("1\r\r\nx\r\n0\r\n\r\n"), bad_chunk_size);
    EXPECT_EQ(refusal_of("1;a\rb\r\nx\r\n0\r\n\r\n"), bad_chunk_extension);
    EXPECT_EQ(refusal_of("0\r\n\n"), bare_line_feed);
    EXPECT_EQ(refusal_of("0\r\nA: b\n\r\n"), bare_line_feed);
}

// RFC 9110 §6.5
TEST(Http1Chunks, may_be_followed_by_trailers_which_are_no_headers) {
    EXPECT_EQ(body_of("1\r\nx\r\n0\r\nA: b\r\nHash:  c \r\n\r\n"), "{x}( A=b Hash=c).");
    EXPECT_EQ(body_of("0\r\nA: b\r\n\r\nGET /2 HTTP/1.0\r\n\r\n"), "( A=b).[GET /2 1.0]!");
}

TEST(Http1Chunks, have_no_trailer_that_frames_or_routes_the_message) {
    for (const auto line : {"Content-Length: 1", "transfer-encoding: chunked", "Host: b",
                            "Connection: close", "Upgrade: x", "Expect: 100-continue"}) {
        EXPECT_EQ(refusal_of("0\r\n" + std::string(line) + "\r\n\r\n"), forbidden_trailer) << line;
    }
    EXPECT_EQ(body_of("0\r\nHost: b\r\n\r\n"),
              " 'Host' must not be a trailer; at byte 59 of the message");
}

TEST(Http1Chunks, have_trailers_as_strict_as_headers) {
    EXPECT_EQ(refusal_of("0\r\n A: b\r\n\r\n"), folded_field);
    EXPECT_EQ(refusal_of("0\r\nA : b\r\n\r\n"), bad_field_name);
    EXPECT_EQ(refusal_of("0\r\nA: b\x01\r\n\r\n"), bad_field_value);
    EXPECT_EQ(refusal_of("0\r\nPOST / HTTP/1.1\r\n\r\n"), missing_colon);
}

}  // namespace
}  // namespace weft::http::wire
