// SPDX-License-Identifier: Apache-2.0
// Goal:   what has brought other clients down does not do it here.
// Method: each test is named after what a server did to them.
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/time.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_client.hpp>
#include <weft/http/wire/http2/http2_cut_test.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_feed_test.hpp>
#include <weft/http/wire/http2/http2_limits.hpp>
#include <weft/testing/http2_frames.hpp>

namespace weft::http::wire {
namespace {

using namespace std::chrono_literals;
using testing::h2_data;
using testing::h2_fields;
using testing::h2_frame;
using testing::h2_goaway;
using testing::h2_head;
using testing::h2_number;
using testing::h2_reset;
using testing::h2_settings;
namespace h2 = testing::h2;

constexpr std::uint16_t max_frame_size = 5;
constexpr std::uint16_t initial_window_size = 4;
constexpr std::uint16_t enable_push = 2;

H2Listener with_requests(int count, const H2Limits& limits = {}) {
    H2Listener listener(limits);
    listener.requests(count);
    return listener;
}

// What becomes of the connection, and that the peer is told.
std::string fate_of(const Bytes& frames) {
    const std::string text = heard_however_cut(frames, [] { return with_requests(1); });
    H2Listener listener = with_requests(1);
    static_cast<void>(listener.take_sent());
    listener.feed(frames);
    const auto sent = listener.take_sent();
    EXPECT_TRUE(!listener.error() || (!sent.empty() && sent.back().type == h2::goaway));
    EXPECT_FALSE(listener.client().has_data_to_send());
    return text;
}

std::string repeated(const Bytes& frame, std::size_t count) {
    Bytes all;
    while (count-- > 0) all += frame;
    return all;
}

constexpr const char* calm = "! more frames that bring nothing than barren_frames_max|";

// How many such frames are taken at once, after the settings.
std::size_t taken_of(const Bytes& frame, std::size_t count) {
    H2Listener listener = with_requests(1);
    listener.feed(h2_settings());
    std::size_t taken = 0;
    while (taken < count && !listener.error()) {
        listener.feed(frame);
        if (!listener.error()) ++taken;
    }
    if (listener.error()) {
        EXPECT_TRUE(listener.text().ends_with(calm)) << listener.text();
        EXPECT_EQ(listener.error()->code, H2Code::enhance_your_calm);
    }
    return taken;
}

// Go: CVE-2026-33814. A frame size of zero made the client write frames for ever.
TEST(Http2Attacks, cve_2026_33814_max_frame_size_of_zero) {
    for (const std::uint32_t size : {0U, 1U, 16383U, 16777216U}) {
        const std::string text = fate_of(h2_settings({{max_frame_size, size}}));
        EXPECT_TRUE(text.starts_with("! the peer breaks HTTP/2, PROTOCOL_ERROR")) << text;
    }
    EXPECT_EQ(fate_of(h2_settings({{max_frame_size, 16384}})), "settings|");
}

// The same of other settings that no peer may have.
TEST(Http2Attacks, settings_out_of_range) {
    EXPECT_TRUE(fate_of(h2_settings({{initial_window_size, 0x8000'0000U}}))
                    .starts_with("! the peer breaks HTTP/2, FLOW_CONTROL_ERROR"));
    EXPECT_TRUE(fate_of(h2_settings({{enable_push, 2}}))
                    .starts_with("! the peer breaks HTTP/2, PROTOCOL_ERROR"));
    EXPECT_TRUE(fate_of(h2_settings() + h2_frame(h2::settings, h2::none, 0, "12345"))
                    .starts_with("settings|! the peer breaks HTTP/2, FRAME_SIZE_ERROR"));
}

// Go: CVE-2023-45288; hyper: RUSTSEC-2024-0332; nghttp2: CVE-2024-28182. Headers without an end.
TEST(Http2Attacks, cve_2023_45288_rustsec_2024_0332_continuation_flood) {
    const Bytes field = h2_fields({{"a", "b"}});
    const auto with = [&](std::size_t continuations, const Bytes& payload) {
        return h2_settings() + h2_frame(h2::headers, h2::none, 1, h2_fields({{":status", "200"}})) +
               repeated(h2_frame(h2::continuation, h2::none, 1, payload), continuations - 1) +
               h2_frame(h2::continuation, h2::ends_fields, 1, payload);
    };
    const char* const refused =
        "settings|! headers in more CONTINUATION frames than "
        "continuations_max|";
    EXPECT_TRUE(fate_of(with(8, field)).starts_with("settings|1 head 200 a=b"));
    EXPECT_EQ(fate_of(with(9, field)), refused);
    EXPECT_EQ(fate_of(with(9, "")), refused);
    // Each list of headers is counted for itself.
    EXPECT_TRUE(fate_of(with(8, field) + h2_frame(h2::headers, h2::none, 1, field) +
                        repeated(h2_frame(h2::continuation, h2::none, 1, field), 7) +
                        h2_frame(h2::continuation, h2::ends_fields, 1, field))
                    .ends_with("1 failed: a second head in one stream|"));
    // On a stream that is refused already, where nobody counts its fields.
    H2Listener listener = with_requests(1);
    listener.feed(h2_settings() + h2_frame(h2::headers, h2::none, 1, h2_fields({{"Bad", ""}})) +
                  repeated(h2_frame(h2::continuation, h2::none, 1, field), 9));
    EXPECT_EQ(listener.error()->problem, H2Problem::too_many_continuations);
}

// CVE-2016-6581, CVE-2026-49975: a large field is remembered once, and then named by one byte each.
TEST(Http2Attacks, cve_2016_6581_hpack_bomb) {
    // A literal that is remembered (RFC 7541 §6.2.1), as the index 62.
    Bytes remembered = h2_fields({{"x", std::string(4000, 'x')}});
    remembered[0] = '\x40';
    const Bytes named(12'000, '\xbe');
    EXPECT_EQ(
        fate_of(h2_settings() + h2_frame(h2::headers, h2::ends_fields, 1,
                                         h2_fields({{":status", "200"}}) + remembered + named)),
        "settings|1 failed: all headers together pass fields_bytes_max|");
    Bytes small = h2_fields({{"x", ""}});
    small[0] = '\x40';
    EXPECT_EQ(fate_of(h2_settings() + h2_frame(h2::headers, h2::ends_fields, 1,
                                               h2_fields({{":status", "200"}}) + small + named)),
              "settings|1 failed: more headers than fields_max|");
}

// CVE-2019-9512: pings, each of which wants an answer.
TEST(Http2Attacks, cve_2019_9512_ping_flood) {
    EXPECT_EQ(taken_of(h2_frame(h2::ping, h2::none, 0, "12345678"), 1000), 499U);
    EXPECT_EQ(taken_of(h2_frame(h2::ping, h2::ack, 0, "12345678"), 1000), 499U);
}
// CVE-2019-9515: the same of settings.
TEST(Http2Attacks, cve_2019_9515_settings_flood) {
    EXPECT_EQ(taken_of(h2_settings(), 1000), 499U);
    EXPECT_EQ(taken_of(h2_settings({{initial_window_size, 70'000}}), 1000), 499U);
}
// CVE-2019-9514, and CVE-2023-44487 against a client: resets.
TEST(Http2Attacks, cve_2019_9514_cve_2023_44487_reset_flood) {
    EXPECT_EQ(taken_of(h2_reset(1, 8), 1000), 499U);
    EXPECT_TRUE(fate_of(h2_settings() + h2_reset(3, 8))
                    .starts_with("settings|! the peer breaks HTTP/2, PROTOCOL_ERROR"));
}
// CVE-2019-9518, CVE-2019-9513 and their like: frames that are empty, or say nothing.
TEST(Http2Attacks, cve_2019_9518_empty_frames_flood) {
    H2Listener listener = with_requests(1);
    listener.feed(h2_settings() + h2_head(1, {{":status", "200"}}));
    listener.feed(repeated(h2_data(1, ""), 499));
    EXPECT_FALSE(listener.error());
    listener.feed(repeated(h2_data(1, ""), 2));
    EXPECT_TRUE(listener.text().ends_with(calm));
    const Bytes padding = Bytes(1, '\4') + Bytes(4, '\0');
    listener = with_requests(1);
    listener.feed(h2_settings() + h2_head(1, {{":status", "200"}}));
    listener.feed(repeated(h2_frame(h2::data, h2::padded, 1, padding), 501));
    EXPECT_TRUE(listener.text().ends_with(calm)) << listener.text();
    EXPECT_EQ(taken_of(h2_frame(h2::priority, h2::none, 1, h2_number(0) + "x"), 1000), 499U);
    EXPECT_EQ(taken_of(h2_frame(77, h2::none, 0, "unknown"), 1000), 499U);
    EXPECT_EQ(taken_of(h2_goaway(1, 0), 1000), 499U);
}

// What is no attack: a long download in small pieces, pings for days, windows that open in small steps.
TEST(Http2Attacks, are_not_seen_in_what_a_slow_server_does) {
    H2Listener listener = with_requests(1);
    listener.feed(h2_settings() + h2_head(1, {{":status", "200"}}));
    const Bytes piece = h2_data(1, "x") + h2_frame(h2::ping, h2::none, 0, "12345678");
    for (int i = 0; i < 5000; ++i) listener.feed(piece);
    EXPECT_FALSE(listener.error());
    listener.feed(repeated(h2_frame(h2::window_update, h2::none, 0, h2_number(1)), 5000));
    EXPECT_FALSE(listener.error());
    TimePoint now{};
    for (int i = 0; i < 5000; ++i) {
        now += 50ms;
        listener.feed(h2_frame(h2::ping, h2::none, 0, "12345678"), now);
    }
    EXPECT_FALSE(listener.error());
}

// curl: CVE-2024-2398. The headers of pushed streams were kept, without a limit and for ever.
TEST(Http2Attacks, cve_2024_2398_push) {
    const Bytes promise = h2_frame(
        h2::push_promise, h2::ends_fields, 1,
        h2_number(2) + h2_fields({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}));
    EXPECT_EQ(fate_of(h2_settings() + promise),
              "settings|! the peer pushes a stream, though it was told not to|");
    // Before it can have heard that it must not, too.
    EXPECT_EQ(fate_of(h2_settings() + h2_frame(h2::push_promise, h2::none, 1, h2_number(2))),
              "settings|! the peer pushes a stream, though it was told not to|");
}

TEST(Http2Attacks, bytes_that_are_no_http2) {
    EXPECT_TRUE(
        fate_of("HTTP/1.1 400 Bad Request\r\n\r\n").starts_with("! the peer breaks HTTP/2"));
    EXPECT_TRUE(fate_of(h2_head(1, {{":status", "200"}})).starts_with("! the peer breaks HTTP/2"));
    EXPECT_TRUE(fate_of(h2_settings() + h2_frame(h2::data, h2::none, 0, "x"))
                    .starts_with("settings|! the peer breaks HTTP/2, PROTOCOL_ERROR"));
    EXPECT_TRUE(fate_of(h2_settings() + h2_frame(h2::headers, h2::ends_fields, 1, "\x80"))
                    .starts_with("settings|! the peer breaks HTTP/2, COMPRESSION_ERROR"));
    EXPECT_TRUE(
        fate_of(h2_settings() + h2_frame(h2::data, h2::none, 1, Bytes(16'385, 'x')).substr(0, 9))
            .starts_with("settings|! the peer breaks HTTP/2, FRAME_SIZE_ERROR"));
    EXPECT_TRUE(fate_of(h2_settings() + h2_frame(h2::window_update, h2::none, 0, h2_number(0)))
                    .starts_with("settings|! the peer breaks HTTP/2"));
    EXPECT_TRUE(
        fate_of(h2_settings() + h2_frame(h2::window_update, h2::none, 0, h2_number(0x7fff'ffff)))
            .starts_with("settings|! the peer breaks HTTP/2, FLOW_CONTROL_ERROR"));
}

// A connection that ends fails no later for it; once nobody awaits anything, it is heard no more.
TEST(Http2Attacks, after_a_goaway) {
    const Bytes bad = h2_frame(h2::data, h2::none, 0, "x");
    EXPECT_TRUE(fate_of(h2_settings() + h2_goaway(1, 0) + bad)
                    .starts_with("settings|goaway NO_ERROR|! the peer breaks HTTP/2"));
    EXPECT_EQ(fate_of(h2_settings() + h2_goaway(1, 0) + h2_head(1, {{":status", "200"}}, h2::ends) +
                      h2_settings() + bad),
              "settings|goaway NO_ERROR|1 head 200 of 0|1 end|");
}

// What is made while the peer is listened to, and takes nothing, has a bound.
TEST(Http2Attacks, a_goaway_and_windows_without_end) {
    H2Client client;
    const Headers headers;
    const H2StreamId stream = client.send_request({.method = Method::post,
                                                   .scheme = "https",
                                                   .authority = "a",
                                                   .path = "/",
                                                   .headers = headers},
                                                  {.ends = false});
    Bytes out;
    client.data_to_send(out, 1'000'000);
    client.send_data(stream, Bytes(2'000'000, 'x'), false);
    const Bytes leave = h2_settings({{4, 0x7fff'ffff}}) +
                        h2_frame(h2::window_update, h2::none, 0, h2_number(10'000'000)) +
                        h2_goaway(stream, 0);
    ASSERT_TRUE(client.receive_data(leave, TimePoint()));
    const Bytes more = h2_frame(h2::window_update, h2::none, 0, h2_number(1));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(client.receive_data(more, TimePoint()));
    out.clear();
    client.data_to_send(out, 1);
    EXPECT_LT(out.size(), 100'000U);
}

// A peer that sends more of a body than it was given leave for.
TEST(Http2Attacks, more_than_the_window) {
    H2Listener listener = with_requests(1, {.stream_window_bytes = 10});
    listener.feed(h2_settings() + h2_frame(h2::settings, h2::ack, 0) +
                  h2_head(1, {{":status", "200"}}) + h2_data(1, "0123456789") + h2_data(1, "x"));
    EXPECT_EQ(listener.text(),
              "settings|1 head 200|1 data 0123456789x|1 failed: the peer breaks HTTP/2, "
              "FLOW_CONTROL_ERROR|");
}

}  // namespace
}  // namespace weft::http::wire
