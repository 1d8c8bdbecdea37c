// SPDX-License-Identifier: Apache-2.0
// What a response is, and what is none: the rules of HTTP, stream by stream.
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_cut_test.hpp>
#include <weft/http/wire/http2/http2_feed_test.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/testing/http2_frames.hpp>

namespace weft::http::wire {
namespace {

using testing::h2_data;
using testing::h2_fields;
using testing::h2_frame;
using testing::h2_goaway;
using testing::h2_head;
using testing::h2_reset;
using testing::h2_settings;
namespace h2 = testing::h2;

// What a client with one request hears, without the settings that it begins with.
std::string heard(const Bytes& frames, const Method& method = Method::get,
                  const H2Limits& limits = {}) {
    const std::string text = heard_however_cut(h2_settings() + frames, [&] {
        H2Listener listener(limits);
        listener.request(method);
        return listener;
    });
    EXPECT_TRUE(text.starts_with("settings|")) << text;
    return text.substr(std::string("settings|").size());
}

TEST(Http2Messages, are_read_in_all_their_parts) {
    EXPECT_EQ(heard(h2_head(1, {{":status", "200"}, {"a", "b"}, {"content-length", "5"}}) +
                    h2_data(1, "he") + h2_data(1, "llo", h2::ends)),
              "1 head 200 a=b content-length=5 of 5|1 data hello|1 end|");
    EXPECT_EQ(heard(h2_head(1, {{":status", "200"}}) + h2_data(1, "hello", h2::ends)),
              "1 head 200|1 data hello|1 end|");
    EXPECT_EQ(heard(h2_head(1, {{":status", "204"}}, h2::ends)), "1 head 204 of 0|1 end|");
    EXPECT_EQ(heard(h2_head(1, {{":status", "200"}}) + h2_data(1, "", h2::ends)),
              "1 head 200|1 end|");
    EXPECT_EQ(heard(h2_head(1, {{":status", "200"}}) + h2_data(1, "a") +
                    h2_head(1, {{"checksum", "x"}}, h2::ends)),
              "1 head 200|1 data a|1 trailers checksum=x|1 end|");
    EXPECT_EQ(
        heard(h2_head(1, {{":status", "100"}}) + h2_head(1, {{":status", "103"}, {"link", "l"}}) +
              h2_head(1, {{":status", "200"}}, h2::ends)),
        "1 informational 100|1 informational 103 link=l|1 head 200 of 0|1 end|");
}

TEST(Http2Messages, without_a_body_may_tell_how_long_it_would_be) {
    const Bytes head = h2_head(1, {{":status", "200"}, {"content-length", "5"}}, h2::ends);
    EXPECT_EQ(heard(head, Method::head), "1 head 200 content-length=5 of 0|1 end|");
    EXPECT_EQ(heard(h2_head(1, {{":status", "304"}, {"content-length", "5"}}, h2::ends)),
              "1 head 304 content-length=5 of 0|1 end|");
}

TEST(Http2Messages, come_in_as_many_frames_as_the_peer_likes) {
    const Bytes block = h2_fields({{":status", "200"}, {"name", "value"}});
    EXPECT_EQ(heard(h2_frame(h2::headers, h2::ends, 1, block.substr(0, 4)) +
                    h2_frame(h2::continuation, h2::none, 1, block.substr(4, 9)) +
                    h2_frame(h2::continuation, h2::none, 1) +
                    h2_frame(h2::continuation, h2::ends_fields, 1, block.substr(13))),
              "1 head 200 name=value of 0|1 end|");
    const Bytes padded = Bytes(1, '\3') + "hello" + Bytes(3, '\0');
    EXPECT_EQ(heard(h2_head(1, {{":status", "200"}}) +
                    h2_frame(h2::data, h2::padded | h2::ends, 1, padded)),
              "1 head 200|1 data hello|1 end|");
}

// RFC 9113 §8.1 to §8.3; what HTTP/1.1 refuses here is refused there, too.
TEST(Http2Messages, that_break_the_rules_are_refused_and_say_why) {
    struct Case {
        const char* name;
        Bytes frames;
        std::string heard;
    };
    const Bytes ok = h2_head(1, {{":status", "200"}});
    const auto head = [](testing::H2Fields fields) {
        fields.insert(fields.begin(), {":status", "200"});
        return h2_head(1, fields);
    };
    const auto not_expected = [](std::string name) {
        return std::move(name) +
               " is not expected here: a head begins with one :status, and trailers have none";
    };
    const Case cases[] = {
        {"upper case", head({{"Server", "x"}}),
         "'Server' is no name of a header, which is a token in lower case"},
        {"space", head({{"a b", "x"}}),
         "'a b' is no name of a header, which is a token in lower case"},
        {"empty", head({{"", "x"}}), "is no name of a header, which is a token in lower case"},
        {"line feed", head({{"a", "x\ny: z"}}), "'a' is a header whose value holds a control byte"},
        {"carriage return", head({{"a", "x\r"}}),
         "'a' is a header whose value holds a control byte"},
        {"nul", head({{"a", std::string("x\0", 2)}}),
         "'a' is a header whose value holds a control byte"},
        {"connection", head({{"connection", "close"}}),
         "'connection' is a header of one connection, and has no place in HTTP/2"},
        {"transfer-encoding", head({{"transfer-encoding", "chunked"}}),
         "'transfer-encoding' is a header of one connection, and has no place in HTTP/2"},
        {"no status", h2_head(1, {{"a", "b"}}), "a head without :status"},
        {"two statuses", head({{":status", "200"}}), not_expected("':status'")},
        {"late status", h2_head(1, {{"a", "b"}, {":status", "200"}}), not_expected("':status'")},
        {"request's", head({{":path", "/"}}), not_expected("':path'")},
        {"unknown pseudo header", head({{":x", "/"}}), not_expected("':x'")},
        {"status of two digits", h2_head(1, {{":status", "20"}}),
         "the status is not three digits from 100 on, or is 101"},
        {"status of letters", h2_head(1, {{":status", "2x0"}}),
         "the status is not three digits from 100 on, or is 101"},
        {"status below 100", h2_head(1, {{":status", "099"}}),
         "the status is not three digits from 100 on, or is 101"},
        {"upgrade", h2_head(1, {{":status", "101"}}),
         "the status is not three digits from 100 on, or is 101"},
        {"bad length", head({{"content-length", "+5"}}),
         "'content-length': the length of the body is not digits, within 63 bits"},
        {"two lengths", head({{"content-length", "5"}, {"content-length", "5"}}),
         "'content-length': a second content-length"},
        {"end in 1xx", h2_head(1, {{":status", "100"}}, h2::ends),
         "the stream ends with a response 1xx"},
        {"length of 1xx", h2_head(1, {{":status", "100"}, {"content-length", "5"}}),
         "a body where the message cannot have one"},
        {"length of 204", h2_head(1, {{":status", "204"}, {"content-length", "5"}}),
         "a body where the message cannot have one"},
        {"announced, and none", h2_head(1, {{":status", "200"}, {"content-length", "5"}}, h2::ends),
         "the stream ends within the message"},
    };
    for (const Case& one : cases) {
        SCOPED_TRACE(one.name);
        EXPECT_EQ(heard(one.frames), "1 failed: " + one.heard + "|");
    }
    const Bytes early = h2_head(1, {{":status", "103"}});
    const Case after_a_head[] = {
        {"body before head", early + h2_data(1, "x"),
         "1 informational 103|1 failed: a body before its head|"},
        {"end before head", early + h2_data(1, "", h2::ends),
         "1 informational 103|1 failed: the stream ends within the message|"},
        {"too short", head({{"content-length", "5"}}) + h2_data(1, "abcd", h2::ends),
         "1 head 200 content-length=5 of 5|1 data abcd|1 failed: the stream ends within the "
         "message|"},
        {"too long", head({{"content-length", "1"}}) + h2_data(1, "a") + h2_data(1, "b", h2::ends),
         "1 head 200 content-length=1 of 1|1 data a|1 failed: the body is longer than its "
         "content-length|"},
        {"too long in one", head({{"content-length", "1"}}) + h2_data(1, "ab", h2::ends),
         "1 head 200 content-length=1 of 1|1 data a|1 failed: the body is longer than its "
         "content-length|"},
        {"body of 204", h2_head(1, {{":status", "204"}}) + h2_data(1, "a"),
         "1 head 204 of 0|1 failed: a body where the message cannot have one|"},
        {"head behind the head", ok + ok,
         "1 head 200|1 failed: ':status' is not expected here: a head begins with one :status, "
         "and trailers have none|"},
        {"fields in the middle", ok + h2_head(1, {{"a", "b"}}),
         "1 head 200|1 failed: a second head in one stream|"},
        {"length in trailers", ok + h2_head(1, {{"content-length", "0"}}, h2::ends),
         "1 head 200|1 failed: 'content-length' must not be a trailer|"},
    };
    for (const Case& one : after_a_head) {
        SCOPED_TRACE(one.name);
        EXPECT_EQ(heard(one.frames), one.heard);
    }
}

TEST(Http2Messages, that_are_refused_end_their_stream_alone) {
    H2Listener listener;
    listener.requests(2);
    static_cast<void>(listener.take_sent());
    listener.feed(h2_settings() + h2_head(1, {{"Bad", "x"}}) + h2_data(1, "ignored") +
                  h2_head(3, {{":status", "200"}}, h2::ends));
    EXPECT_TRUE(listener.text().ends_with("|3 head 200 of 0|3 end|")) << listener.text();
    EXPECT_FALSE(listener.error());
    bool was_reset = false;
    for (const h2::Frame& frame : listener.take_sent()) {
        was_reset |= frame.type == h2::rst_stream && frame.stream == 1 &&
                     frame.payload == testing::h2_number(1);
    }
    EXPECT_TRUE(was_reset);
    EXPECT_EQ(listener.client().open_streams(), 0U);
}

// ---- limits

TEST(Http2Messages, keep_to_the_limits_of_heads) {
    H2Limits limits;
    limits.message = {
        .field_bytes_max = 30, .fields_max = 4, .fields_bytes_max = 80, .informational_max = 2};
    const auto with = [&](const testing::H2Fields& fields) {
        testing::H2Fields all{{":status", "200"}};
        all.insert(all.end(), fields.begin(), fields.end());
        return heard(h2_head(1, all, h2::ends), Method::get, limits);
    };
    EXPECT_EQ(with({{"a", std::string(25, 'x')}}),
              "1 head 200 a=" + std::string(25, 'x') + " of 0|1 end|");
    EXPECT_EQ(with({{"a", std::string(26, 'x')}}),
              "1 failed: 'a': a header passes field_bytes_max|");
    EXPECT_EQ(with({{"a", ""}, {"b", ""}, {"c", ""}}), "1 head 200 a= b= c= of 0|1 end|");
    EXPECT_EQ(with({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}}),
              "1 failed: more headers than fields_max|");
    EXPECT_EQ(with({{"a", std::string(25, 'x')}, {"b", std::string(25, 'x')}, {"c", "xx"}}),
              "1 failed: all headers together pass fields_bytes_max|");
    const Bytes early = h2_head(1, {{":status", "103"}});
    EXPECT_EQ(heard(early + early + early, Method::get, limits),
              "1 informational 103|1 informational 103|1 failed: more responses 1xx than "
              "informational_max|");
}

TEST(Http2Messages, count_trailers_with_the_headers) {
    H2Limits limits;
    limits.message.fields_max = 2;
    EXPECT_EQ(heard(h2_head(1, {{":status", "200"}, {"a", ""}}) + h2_head(1, {{"b", ""}}, h2::ends),
                    Method::get, limits),
              "1 head 200 a=|1 failed: more headers than fields_max|");
}

// ---- ends that are not the message's

TEST(Http2Messages, that_are_reset_say_so_and_whether_they_may_be_sent_again) {
    EXPECT_EQ(heard(h2_reset(1, 8)), "1 reset CANCEL|");
    EXPECT_EQ(heard(h2_reset(1, 7)), "1 reset REFUSED_STREAM, refused|");
    EXPECT_EQ(heard(h2_reset(1, 99)), "1 reset 99|");
    EXPECT_EQ(heard(h2_head(1, {{":status", "200"}}) + h2_reset(1, 2)),
              "1 head 200|1 reset INTERNAL_ERROR|");
    // RFC 9113 §8.1: the response was complete, and the server wants no more of the request.
    EXPECT_EQ(heard(h2_head(1, {{":status", "200"}}, h2::ends) + h2_reset(1, 0)),
              "1 head 200 of 0|1 end|");
}

// RFC 9113 §6.8: what is beyond the last stream was not acted upon.
TEST(Http2Messages, that_a_server_leaves_behind_as_it_goes_may_be_sent_again) {
    H2Listener listener;
    listener.requests(3);
    listener.feed(h2_settings() + h2_goaway(3, 0) + h2_head(1, {{":status", "200"}}, h2::ends) +
                  h2_head(3, {{":status", "200"}}, h2::ends));
    EXPECT_EQ(listener.text(),
              "settings|goaway NO_ERROR|5 reset REFUSED_STREAM, refused|1 head 200 of 0|1 end|"
              "3 head 200 of 0|3 end|");
    EXPECT_FALSE(listener.error());
    EXPECT_FALSE(listener.client().may_open_stream());
    EXPECT_TRUE(listener.client().is_ending());
}

}  // namespace
}  // namespace weft::http::wire
