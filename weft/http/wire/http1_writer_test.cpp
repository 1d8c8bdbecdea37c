// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/http1_writer.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_version.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http1_feed_test.hpp>
#include <weft/http/wire/http1_parser.hpp>
#include <weft/http/wire/message_head.hpp>

namespace weft::http::wire {
namespace {

using namespace std::string_view_literals;

template <class Head>
std::string written(const Head& head) {
    Bytes out;
    write_head(out, head);
    return out;
}

// What it is refused for; `out` must stay as it was.
template <class Head>
std::string refusal_of(const Head& head) {
    Bytes out = "before";
    try {
        write_head(out, head);
    } catch (const ValueError& error) {
        EXPECT_EQ(out, "before");
        return error.what();
    }
    return "";
}

TEST(Http1Writer, writes_requests) {
    EXPECT_EQ(written(RequestHead{
                  .method = Method::get, .target = "/a?b", .headers = {{"Host", "a"}, {"X", ""}}}),
              "GET /a?b HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n");
    EXPECT_EQ(written(RequestHead{.method = Method("PURGE"), .target = "*", .version = http_1_0}),
              "PURGE * HTTP/1.0\r\n\r\n");
}

TEST(Http1Writer, writes_responses) {
    EXPECT_EQ(written(ResponseHead{
                  .status = 404, .reason = "Not Found", .headers = {{"A", "b"}, {"a", "c"}}}),
              "HTTP/1.1 404 Not Found\r\nA: b\r\na: c\r\n\r\n");
    EXPECT_EQ(written(ResponseHead{.version = http_1_0, .status = 299}), "HTTP/1.0 299 \r\n\r\n");
}

TEST(Http1Writer, appends) {
    Bytes out;
    for (int i = 0; i < 100; ++i)
        write_head(out, ResponseHead{.status = 100, .reason = "Continue"});
    EXPECT_EQ(out.size(), 100 * "HTTP/1.1 100 Continue\r\n\r\n"sv.size());
    EXPECT_TRUE(out.ends_with("\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"));
}

TEST(Http1Writer, writes_chunks) {
    Bytes out;
    write_chunk(out, "hello");
    write_chunk(out, "");
    write_chunk(out, std::string(255, 'x'));
    write_chunk_begin(out, 0xabcdef);
    EXPECT_EQ(out, "5\r\nhello\r\nff\r\n" + std::string(255, 'x') + "\r\nabcdef\r\n");
    out.clear();
    write_last_chunk(out);
    write_last_chunk(out, Headers{{"Hash", "1"}});
    EXPECT_EQ(out, "0\r\n\r\n0\r\nHash: 1\r\n\r\n");
}

TEST(Http1Writer, refuses_a_trailer_that_frames_the_message) {
    Bytes out = "before";
    EXPECT_THROW(write_last_chunk(out, Headers{{"A", "b"}, {"content-length", "1"}}), ValueError);
    EXPECT_THROW(write_last_chunk(out, Headers{{"Transfer-Encoding", "x"}}), ValueError);
    EXPECT_EQ(out, "before");
}

// Methods: CVE-2023-49082, CVE-2020-26116. Method and Headers refuse them where they are made.
TEST(Http1Writer, cannot_be_given_a_method_that_splits_the_request) {
    EXPECT_THROW(static_cast<void>(Method("GET / HTTP/1.1\r\nX: y\r\n\r\nGET")), ValueError);
}

// CVE-2020-26137, CVE-2020-11709, CVE-2023-26130, CVE-2025-0825 (behind a NUL).
TEST(Http1Writer, cannot_be_given_a_header_that_is_two) {
    RequestHead head{.target = "/"};
    for (const auto value : {"a\r\nX: y"sv, "a\nX: y"sv, "a\rX: y"sv, "\0\r\nX: y"sv, "a\x0b"sv}) {
        EXPECT_THROW(head.headers.add("A", value), ValueError);
        EXPECT_THROW(head.headers.set("A", value), ValueError);
        EXPECT_THROW(head.headers.setdefault("A", value), ValueError);
        EXPECT_THROW((Headers{{"A", value}}), ValueError);
    }
    EXPECT_THROW(head.headers.add("A: b\r\nC", "d"), ValueError);
    EXPECT_EQ(written(head), "GET / HTTP/1.1\r\n\r\n");
}

TEST(Http1Writer, refuses_a_target_that_splits_the_request) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string target = std::string("/a") + static_cast<char>(byte) + "b";
        const bool is_allowed = byte > 0x20 && byte < 0x7f && byte != '#';
        EXPECT_EQ(refusal_of(RequestHead{.target = target}).empty(), is_allowed) << byte;
    }
    EXPECT_EQ(
        refusal_of(RequestHead{.target = "/a HTTP/1.1\r\nX: y"}),
        "the target of a request holds ' ' at position 2: visible ASCII without # was expected");
    EXPECT_EQ(refusal_of(RequestHead{}), "the target of a request must not be empty");
}

// CVE-2026-34519.
TEST(Http1Writer, refuses_a_reason_that_splits_the_response) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string reason = std::string("O") + static_cast<char>(byte) + "K";
        const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
        EXPECT_EQ(refusal_of(ResponseHead{.reason = reason}).empty(), !is_control) << byte;
    }
    EXPECT_EQ(refusal_of(ResponseHead{.reason = "OK\r\nX: y"}),
              "the reason phrase 'OK\\x0d\\x0aX: y' holds a control byte at position 2");
}

TEST(Http1Writer, refuses_a_status_that_has_not_three_digits) {
    for (const int status : {0, 99, 1000, -200}) {
        EXPECT_NE(refusal_of(ResponseHead{.status = status}), "") << status;
    }
}

// CVE-2023-49081.
TEST(Http1Writer, refuses_a_version_that_it_does_not_speak) {
    EXPECT_EQ(refusal_of(RequestHead{.target = "/", .version = {.major = 2, .minor = 0}}),
              "HTTP/2.0 is not written as text");
    EXPECT_NE(refusal_of(ResponseHead{.version = {.major = 1, .minor = 2}}), "");
}

TEST(Http1Writer, writes_what_a_parser_reads) {
    Bytes out;
    write_head(
        out, RequestHead{.method = Method::post,
                         .target = "/x",
                         .headers = {{"Host", "a"}, {"Transfer-Encoding", "chunked"}, {"E", " "}}});
    write_chunk(out, "he");
    write_chunk(out, "llo");
    write_last_chunk(out, Headers{{"T", "u"}});
    Listener<RequestParser> listener;
    listener.feed(out);
    EXPECT_EQ(listener.text(), "[POST /x 1.1 Host=a Transfer-Encoding=chunked E=]{hello}( T=u).");
}

}  // namespace
}  // namespace weft::http::wire
