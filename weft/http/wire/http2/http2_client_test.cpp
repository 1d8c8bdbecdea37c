// SPDX-License-Identifier: Apache-2.0
// What a client sends, and how much at a time.
#include <weft/http/wire/http2/http2_client.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>
#include <weft/http/wire/http2/http2_error.hpp>
#include <weft/http/wire/http2/http2_event.hpp>
#include <weft/http/wire/http2/http2_feed_test.hpp>
#include <weft/testing/http2_frames.hpp>

namespace weft::http::wire {
namespace {

using testing::h2_data;
using testing::h2_frame;
using testing::h2_goaway;
using testing::h2_head;
using testing::h2_number;
using testing::h2_settings;
using testing::H2Fields;
namespace h2 = testing::h2;

constexpr std::uint16_t max_concurrent_streams = 3;
constexpr std::uint16_t initial_window_size = 4;

// "type:stream:bytes" of each frame of these types.
std::string sizes_of(const std::vector<h2::Frame>& frames, std::uint8_t type) {
    std::string out;
    for (const h2::Frame& frame : frames) {
        if (frame.type != type) continue;
        out += std::to_string(frame.stream) + ":" + std::to_string(frame.payload.size());
        out += (frame.flags & h2::ends) != 0 ? ". " : " ";
    }
    return out;
}

std::string windows_of(const std::vector<h2::Frame>& frames) {
    std::string out;
    for (const h2::Frame& frame : frames) {
        if (frame.type != h2::window_update) continue;
        std::uint32_t more = 0;
        for (const char byte : frame.payload) more = more * 256 + static_cast<unsigned char>(byte);
        out += std::to_string(frame.stream) + ":" + std::to_string(more) + " ";
    }
    return out;
}

TEST(Http2Client, begins_with_the_preface_and_its_settings) {
    H2Client client({.stream_window_bytes = 100'000, .connection_window_bytes = 1'000'000});
    Bytes sent;
    client.data_to_send(sent, 1000);
    ASSERT_TRUE(sent.starts_with(testing::h2_preface));
    sent.erase(0, testing::h2_preface.size());
    EXPECT_EQ(sent, h2_settings({{2, 0}, {4, 100'000}, {6, 65536}}) +
                        h2_frame(h2::window_update, h2::none, 0, h2_number(1'000'000 - 65535)));
    EXPECT_FALSE(client.has_data_to_send());
}

TEST(Http2Client, writes_requests_as_http2_has_them) {
    H2Listener listener;
    listener.request(Method::get, {{"Host", "other.example"},
                                   {"Accept", "*/*"},
                                   {"X-Name", "A b"},
                                   {"Connection", "keep-alive, X-Name"},
                                   {"Keep-Alive", "timeout=5"},
                                   {"Transfer-Encoding", "chunked"},
                                   {"Upgrade", "websocket"},
                                   {"TE", "gzip"},
                                   {"Cookie", "a=b"},
                                   {"Authorization", "secret"}});
    const auto frames = listener.take_sent();
    ASSERT_EQ(frames.back().type, h2::headers);
    EXPECT_EQ(frames.back().flags, h2::ends | h2::ends_fields);
    testing::H2FieldReader reader;
    EXPECT_EQ(reader.read(frames.back().payload), (H2Fields{{":method", "GET"},
                                                            {":scheme", "https"},
                                                            {":authority", "a.example"},
                                                            {":path", "/"},
                                                            {"accept", "*/*"},
                                                            {"x-name", "A b"},
                                                            {"cookie", "a=b"},
                                                            {"authorization", "secret"}}));
}

TEST(Http2Client, writes_no_request_that_could_be_read_in_two_ways) {
    H2Client client;
    const Headers none;
    for (const char* path : {"", "/a b", "/a\r\n", "/#"}) {
        EXPECT_THROW(client.send_request({.method = Method::get,
                                          .scheme = "https",
                                          .authority = "a",
                                          .path = path,
                                          .headers = none},
                                         {}),
                     ValueError);
    }
    EXPECT_THROW(client.send_request({.method = Method::connect,
                                      .scheme = "https",
                                      .authority = "a",
                                      .path = "/",
                                      .headers = none},
                                     {}),
                 ValueError);
    EXPECT_EQ(client.open_streams(), 0U);
}

TEST(Http2Client, sends_a_request_and_reads_its_response) {
    const Headers none;
    const H2RequestHead head{.method = Method::get,
                             .scheme = "https",
                             .authority = "a.example",
                             .path = "/",
                             .headers = none};
    const Bytes in = h2_settings() + h2_head(1, {{":status", "200"}}, h2::ends);
    const TimePoint now{};
    Bytes out;
    std::string heard;
    const auto use = [&](const H2Event& event) { heard += text_of(event) + "|"; };

    H2Client client;
    const auto stream = client.send_request(head, {.ends = true});
    client.data_to_send(out, 65536);
    const auto taken = client.receive_data(in, now);
    while (auto event = client.next_event()) use(*event);

    EXPECT_EQ(stream, 1);
    EXPECT_TRUE(taken);
    EXPECT_EQ(heard, "settings|1 head 200 of 0|1 end|");
}

// ---- bodies on their way out

TEST(Http2Client, sends_as_much_of_a_body_as_the_peer_has_room_for) {
    H2Listener listener;
    listener.feed(h2_settings({{initial_window_size, 10}}));
    const H2StreamId stream = listener.request(Method::post, {}, false);
    static_cast<void>(listener.take_sent());
    listener.client().send_data(stream, Bytes(25, 'x'), false);
    listener.flush();
    EXPECT_EQ(sizes_of(listener.take_sent(), h2::data), "1:10 ");
    listener.feed(h2_frame(h2::window_update, h2::none, stream, h2_number(100)));
    EXPECT_EQ(sizes_of(listener.take_sent(), h2::data), "1:15 ");
    EXPECT_EQ(listener.text(), "settings|1 wants data|");
    listener.client().send_data(stream, "abc", true);
    listener.flush();
    EXPECT_EQ(sizes_of(listener.take_sent(), h2::data), "1:3. ");
    EXPECT_EQ(listener.text(), "settings|1 wants data|1 wants data|");
}

TEST(Http2Client, sends_a_body_that_turns_out_to_be_over) {
    H2Listener listener;
    const H2StreamId stream = listener.request(Method::post, {}, false);
    listener.client().send_data(stream, "abc", false);
    listener.client().send_data(stream, "def", false);
    listener.flush();
    listener.client().send_data(stream, "", true);
    listener.flush();
    EXPECT_EQ(sizes_of(listener.take_sent(), h2::data), "1:6 1:0. ");
}

TEST(Http2Client, keeps_no_body_waiting_behind_another) {
    H2Listener listener;
    listener.feed(h2_settings({{initial_window_size, 1'000'000}}));
    const H2StreamId first = listener.request(Method::post, {}, false);
    const H2StreamId second = listener.request(Method::post, {}, false);
    static_cast<void>(listener.take_sent());
    listener.client().send_data(first, Bytes(40'000, 'x'), true);
    listener.client().send_data(second, Bytes(20'000, 'y'), true);
    listener.flush();
    // The window of the connection, 65,535 bytes, is for both.
    EXPECT_EQ(sizes_of(listener.take_sent(), h2::data), "1:16384 3:16384 1:16384 3:3616. 1:7232. ");
}

TEST(Http2Client, gives_no_more_at_once_than_it_is_asked_for) {
    H2Client client;
    Bytes sent;
    client.data_to_send(sent, 1000);
    const Headers none;
    const H2StreamId stream = client.send_request(
        {.method = Method::post, .scheme = "https", .authority = "a", .path = "/", .headers = none},
        {.ends = false});
    client.send_data(stream, Bytes(60'000, 'x'), true);
    sent.clear();
    client.data_to_send(sent, 1);
    EXPECT_LT(sent.size(), 1000U);
    client.data_to_send(sent, 20'000);
    EXPECT_LT(sent.size(), 40'000U);
    EXPECT_TRUE(client.has_data_to_send());
    client.data_to_send(sent, 100'000);
    EXPECT_GT(sent.size(), 60'000U);
    EXPECT_FALSE(client.has_data_to_send());
}

// RFC 9113 §8.1: a server may answer before it has all of a request.
TEST(Http2Client, does_not_go_on_with_a_request_that_has_its_response) {
    H2Listener listener;
    const H2StreamId stream = listener.request(Method::post, {}, false);
    listener.client().send_data(stream, "abc", false);
    listener.feed(h2_settings() + h2_head(stream, {{":status", "413"}}, h2::ends));
    EXPECT_EQ(listener.text(), "settings|1 head 413 of 0|1 end|");
    listener.client().send_data(stream, "def", true);
    listener.flush();
    const auto sent = listener.take_sent();
    EXPECT_EQ(sizes_of(sent, h2::rst_stream), "1:4 ");
    EXPECT_EQ(listener.client().open_streams(), 0U);
}

// ---- bodies on their way in

TEST(Http2Client, opens_the_window_of_a_stream_as_its_body_is_read_and_that_of_all_at_once) {
    H2Listener listener({.stream_window_bytes = 1000, .connection_window_bytes = 65'535});
    listener.requests(50);
    listener.feed(h2_settings() + h2_frame(h2::settings, h2::ack, 0));
    static_cast<void>(listener.take_sent());
    // Forty streams that nobody reads take all of their windows,
    for (H2StreamId stream = 1; stream < 80; stream += 2) {
        listener.feed(h2_head(stream, {{":status", "200"}}) + h2_data(stream, Bytes(1000, 'x')));
    }
    EXPECT_EQ(windows_of(listener.take_sent()), "0:33000 ");
    // and another one goes on all the same.
    listener.feed(h2_head(81, {{":status", "200"}}) + h2_data(81, Bytes(900, 'y')));
    listener.client().acknowledge_received_data(81, 400);
    listener.flush();
    EXPECT_EQ(windows_of(listener.take_sent()), "");
    listener.client().acknowledge_received_data(81, 500);
    listener.flush();
    EXPECT_EQ(windows_of(listener.take_sent()), "81:900 ");
    EXPECT_FALSE(listener.error());
}

// ---- ends

TEST(Http2Client, lets_go_of_a_stream_that_is_reset_here) {
    H2Listener listener;
    listener.requests(2);
    static_cast<void>(listener.take_sent());
    H2Client& client = listener.client();
    // What was heard and not read yet is dropped, too.
    const Bytes frames = h2_settings() + h2_head(1, {{":status", "200"}}) + h2_data(1, "abc") +
                         h2_head(3, {{":status", "200"}});
    ASSERT_TRUE(client.receive_data(frames, TimePoint()));
    client.reset_stream(1, H2Code::cancel);
    listener.feed(h2_data(1, "def", h2::ends) + h2_data(3, "ok", h2::ends));
    EXPECT_EQ(listener.text(), "settings|3 head 200|3 data ok|3 end|");
    EXPECT_EQ(sizes_of(listener.take_sent(), h2::rst_stream), "1:4 ");
    EXPECT_EQ(client.open_streams(), 0U);
    client.reset_stream(1, H2Code::cancel);
    listener.flush();
    EXPECT_TRUE(listener.take_sent().empty());
}

// What was under way all the same counts against the window of all streams, which opens again.
TEST(Http2Client, loses_no_window_to_a_stream_that_is_reset_here) {
    H2Listener listener({.connection_window_bytes = 65'535});
    listener.requests(2);
    listener.feed(h2_settings() + h2_head(1, {{":status", "200"}}));
    static_cast<void>(listener.take_sent());
    listener.client().reset_stream(1, H2Code::cancel);
    listener.feed(h2_data(1, Bytes(16'000, 'x')));
    for (int i = 0; i < 3; ++i) listener.feed(h2_data(1, Bytes(16'000, 'x')));
    EXPECT_EQ(windows_of(listener.take_sent()), "0:48000 ");
    EXPECT_FALSE(listener.error());
}

TEST(Http2Client, takes_back_a_request_that_has_not_left) {
    H2Client client;
    Bytes sent;
    client.data_to_send(sent, 1000);
    const Headers none;
    const H2StreamId stream = client.send_request(
        {.method = Method::get, .scheme = "https", .authority = "a", .path = "/", .headers = none},
        {});
    client.reset_stream(stream, H2Code::cancel);
    sent.clear();
    client.data_to_send(sent, 1000);
    EXPECT_EQ(sent, "");
    EXPECT_EQ(client.next_event(), std::nullopt);
    EXPECT_EQ(client.open_streams(), 0U);
}

TEST(Http2Client, opens_as_many_streams_as_both_sides_allow) {
    H2Listener listener({.streams_max = 5});
    EXPECT_EQ(listener.client().streams_max(), 5U);
    listener.feed(h2_settings({{max_concurrent_streams, 2}}));
    EXPECT_EQ(listener.client().streams_max(), 2U);
    listener.requests(2);
    EXPECT_FALSE(listener.client().may_open_stream());
    EXPECT_FALSE(listener.client().is_ending());
    // One more waits until there is room.
    static_cast<void>(listener.take_sent());
    listener.requests(1);
    EXPECT_TRUE(listener.take_sent().empty());
    listener.feed(h2_head(1, {{":status", "200"}}, h2::ends));
    EXPECT_EQ(listener.take_sent().back().stream, 5);
    listener.feed(h2_settings({{max_concurrent_streams, 100}}));
    EXPECT_EQ(listener.client().streams_max(), 5U);
    EXPECT_TRUE(listener.client().may_open_stream());
}

// What waited for room when the peer went away was never sent.
TEST(Http2Client, says_of_requests_that_never_left_that_they_may_be_sent_again) {
    H2Listener listener;
    listener.feed(h2_settings({{max_concurrent_streams, 1}}));
    listener.requests(2);
    listener.feed(h2_goaway(1, 0) + h2_head(1, {{":status", "200"}}, h2::ends));
    EXPECT_EQ(listener.text(),
              "settings|goaway NO_ERROR|1 head 200 of 0|1 end|3 reset REFUSED_STREAM, refused|");
    EXPECT_EQ(listener.client().open_streams(), 0U);
}

TEST(Http2Client, asks_whether_the_peer_is_still_there) {
    H2Listener listener;
    listener.feed(h2_settings());
    static_cast<void>(listener.take_sent());
    listener.client().ping();
    listener.flush();
    const auto sent = listener.take_sent();
    ASSERT_EQ(sent.size(), 1U);
    ASSERT_EQ(sent[0].type, h2::ping);
    listener.feed(h2_frame(h2::ping, h2::ack, 0, sent[0].payload));
    EXPECT_EQ(listener.text(), "settings|pong|");
}

TEST(Http2Client, answers_pings_and_settings) {
    H2Listener listener;
    static_cast<void>(listener.take_sent());
    listener.flush();
    static_cast<void>(listener.take_sent());
    listener.feed(h2_settings() + h2_frame(h2::ping, h2::none, 0, "12345678"));
    const auto sent = listener.take_sent();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].type == h2::ping ? sent[0].payload : sent[1].payload, "12345678");
    for (const h2::Frame& frame : sent) EXPECT_EQ(frame.flags, h2::ack);
}

TEST(Http2Client, says_goodbye) {
    H2Listener listener;
    listener.requests(1);
    static_cast<void>(listener.take_sent());
    listener.client().close_connection();
    listener.flush();
    const auto sent = listener.take_sent();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].type, h2::goaway);
    EXPECT_EQ(sent[0].payload, h2_number(0) + h2_number(0));
    EXPECT_TRUE(listener.client().is_ending());
    EXPECT_FALSE(listener.client().error());
}

}  // namespace
}  // namespace weft::http::wire
