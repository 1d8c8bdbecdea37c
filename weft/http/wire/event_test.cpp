// SPDX-License-Identifier: Apache-2.0
// Goal:   events are read as WHATWG HTML §9.2.6 says, and what is written is what is read.
// Method: each example is fed whole, byte by byte and cut at every offset.
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/server_sent_event.hpp>
#include <weft/http/wire/event_feed_test.hpp>
#include <weft/http/wire/event_parser.hpp>
#include <weft/http/wire/event_writer.hpp>

namespace weft::http::wire {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

std::string events_in(BytesView data, const EventLimits& limits = {}) {
    const std::string whole = events_in_pieces(data, data.size(), data.size(), limits);
    EXPECT_EQ(events_in_pieces(data, 1, 1, limits), whole) << "byte by byte";
    for (std::size_t cut = 0; cut <= data.size(); ++cut) {
        EXPECT_EQ(events_in_pieces(data, data.size(), cut, limits), whole) << "cut at " << cut;
    }
    return whole;
}
Bytes written(const ServerSentEvent& event) {
    Bytes out;
    write_event(out, event);
    return out;
}

TEST(EventParser, gives_an_event_for_each_empty_line) {
    EXPECT_EQ(events_in("data: a\n\ndata: b\n\n"), "message -/-{a}message -/-{b};-/-");
    EXPECT_EQ(events_in("event: add\nid: 7\nretry: 50\ndata: x\n\n"), "add 7/50{x};7/50");
    EXPECT_EQ(events_in(""), ";-/-");
}

TEST(EventParser, has_the_example_of_its_header) {
    const Bytes data = "data: a\n\ndata: b\n\n";
    std::string all;
    EventParser parser;
    parser.feed(data);
    while (auto event = parser.next().value()) all += event->data;
    EXPECT_EQ(all, "ab");
}

TEST(EventParser, joins_lines_of_data) {
    EXPECT_EQ(events_in("data: a\ndata: b\ndata\ndata:\ndata: c\n\n"),
              "message -/-{a\nb\n\n\nc};-/-");
    EXPECT_EQ(events_in("data\n\ndata:\n\ndata: \n\n"),
              "message -/-{}message -/-{}message -/-{};-/-");
}

TEST(EventParser, takes_one_space_behind_the_colon) {
    EXPECT_EQ(events_in("data:a\n\ndata:  a \n\ndata:\ta\n\ndata: a:b: c\n\n"),
              "message -/-{a}message -/-{ a }message -/-{\ta}message -/-{a:b: c};-/-");
}

TEST(EventParser, knows_three_line_breaks) {
    EXPECT_EQ(events_in("data: a\rdata: b\r\r"), "message -/-{a\nb};-/-");
    EXPECT_EQ(events_in("data: a\r\ndata: b\r\n\r\n"), "message -/-{a\nb};-/-");
    EXPECT_EQ(events_in("data: a\n\rdata: b\r\n\ndata: c\r\r\n"),
              "message -/-{a}message -/-{b}message -/-{c};-/-");
    EXPECT_EQ(events_in("\n\n\r\n\rdata: a\n\n"), "message -/-{a};-/-");
}

// A line that ends with CR does not wait for what may be a LF.
TEST(EventParser, gives_an_event_that_ends_with_a_carriage_return_at_once) {
    EventParser parser;
    parser.feed("data: a\r\r");
    EXPECT_EQ(parser.next().value()->data, "a");
    parser.feed("\ndata: b\r\n\r");
    EXPECT_EQ(parser.next().value()->data, "b");
    EXPECT_EQ(parser.next().value(), std::nullopt);
}

TEST(EventParser, skips_a_byte_order_mark_at_the_front) {
    EXPECT_EQ(events_in("\xef\xbb\xbf"
                        "data: a\n\n"),
              "message -/-{a};-/-");
    EXPECT_EQ(events_in("\xef\xbb\xbf\n\xef\xbb\xbf"
                        "data: a\n\n"),
              ";-/-");
    EXPECT_EQ(events_in("\xef\xbb\xbf\xef\xbb\xbf"
                        "data: a\n\n"),
              ";-/-");
    EXPECT_EQ(events_in("data: a\n\xef\xbb\xbf"
                        "data: b\n\n"),
              "message -/-{a};-/-");
}

TEST(EventParser, ignores_comments_and_unknown_fields) {
    EXPECT_EQ(events_in(": ping\n:\nfoo: bar\n data: a\nDATA: b\ndata : c\nbaz\n\n"), ";-/-");
    EXPECT_EQ(events_in("data: a\n: ping\ndata: b\n\n"), "message -/-{a\nb};-/-");
}

TEST(EventParser, gives_no_event_without_data) {
    EXPECT_EQ(events_in("event: add\n\ndata: a\n\n"), "message -/-{a};-/-");
    EXPECT_EQ(events_in("id: 1\n\nretry: 5\n\n"), ";1/5");
}

TEST(EventParser, drops_what_the_end_cuts_off) {
    EXPECT_EQ(events_in("data: a\n\ndata: b\nid: 2\n"), "message -/-{a};-/-");
    EXPECT_EQ(events_in("data: a\n\ndata: b"), "message -/-{a};-/-");
}

TEST(EventParser, keeps_the_id_until_there_is_another) {
    EXPECT_EQ(events_in("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 2\ndata: d\n"),
              "message 1/-{a}message 1/-{b}message /-{c};/-");
    EXPECT_EQ(events_in("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"sv),
              "message 1/-{a}message 1/-{b};1/-");
}

TEST(EventParser, takes_a_time_of_digits_alone) {
    EXPECT_EQ(events_in("retry: 007\n"), ";-/7");
    for (const auto line :
         {"retry: 1.5", "retry: -1", "retry: +1", "retry: 1s", "retry: ", "retry", "retry:  1"}) {
        EXPECT_EQ(events_in("retry: 9\n" + std::string(line) + "\n"), ";-/9") << line;
    }
    EXPECT_EQ(events_in("retry: " + std::string(300, '9') + "\n"), ";-/1099511627776");
    EXPECT_EQ(events_in("retry: 9\ndata: a\n\ndata: b\n\n"), "message -/9{a}message -/-{b};-/9");
}

TEST(EventParser, hands_on_any_byte) {
    EXPECT_EQ(events_in("data: \xff\0\xc3\n\n"sv), "message -/-{\xff\0\xc3};-/-"sv);
}

TEST(EventParser, refuses_a_line_over_its_limit) {
    const EventLimits limits{.line_bytes_max = 10};
    EXPECT_EQ(events_in("data: abcd\n\n", limits), "message -/-{abcd};-/-");
    EXPECT_EQ(events_in("data: a\n\ndata: abcde\n\n", limits),
              "message -/-{a} a line of the event stream passes line_bytes_max");
    EXPECT_EQ(events_in("data: abcde", limits),
              " a line of the event stream passes line_bytes_max");
    EXPECT_EQ(events_in(": comment that is long", limits),
              " a line of the event stream passes line_bytes_max");
}

TEST(EventParser, refuses_an_event_over_its_limit) {
    const EventLimits limits{.event_bytes_max = 8};
    EXPECT_EQ(events_in("data: abc\ndata: def\n\n", limits), "message -/-{abc\ndef};-/-");
    EXPECT_EQ(events_in("data: abc\ndata: defg\n\n", limits),
              " an event of the stream passes event_bytes_max");
    EXPECT_EQ(events_in("data: abc\nevent: defgh\n\n", limits),
              " an event of the stream passes event_bytes_max");
    EXPECT_EQ(events_in("data\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n", limits),
              " an event of the stream passes event_bytes_max");
    EXPECT_EQ(events_in("data: abcdefg\n\ndata: abcdefg\n\n: comments do not count\n", limits),
              "message -/-{abcdefg}message -/-{abcdefg};-/-");
}

TEST(EventParser, has_limits_of_64_KiB_and_1_MiB) {
    const std::string line = "data:" + std::string(65536 - 5, 'x') + "\n";
    EventParser parser;
    for (int i = 0; i < 16; ++i) parser.feed(line);
    parser.feed("\n");
    EXPECT_EQ(parser.next().value()->data.size(), 16u * (65536 - 4) - 1);
    parser.feed("x" + line);
    EXPECT_EQ(parser.next().error(), EventError::line_too_long);
    parser.feed("data: a\n\n");
    EXPECT_EQ(parser.next().error(), EventError::line_too_long);
    EventParser other;
    for (int i = 0; i < 17; ++i) other.feed(line);
    EXPECT_EQ(other.next().error(), EventError::event_too_long);
}

// ---- written

TEST(EventWriter, writes_what_there_is) {
    EXPECT_EQ(written({.data = "a"}), "data: a\n\n");
    EXPECT_EQ(written({.data = ""}), "data: \n\n");
    EXPECT_EQ(written({.data = "a", .event = "add", .id = "7", .retry = 50ms}),
              "event: add\ndata: a\nid: 7\nretry: 50\n\n");
    EXPECT_EQ(written({.data = "a", .id = ""}), "data: a\nid: \n\n");
}

TEST(EventWriter, writes_data_line_by_line) {
    EXPECT_EQ(written({.data = "a\nb\r\nc\rd\n"}),
              "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
    EXPECT_EQ(written({.data = "\n"}), "data: \ndata: \n\n");
    EXPECT_EQ(written({.data = "\r\r\n\n"}), "data: \ndata: \ndata: \ndata: \n\n");
}

TEST(EventWriter, lets_no_field_become_two) {
    for (const auto bad : {"a\nb", "a\rb", "\r\n", "\n", "a\r"}) {
        Bytes out = "before";
        EXPECT_THROW(write_event(out, {.data = "x", .event = bad}), ValueError);
        EXPECT_THROW(write_event(out, {.data = "x", .id = bad}), ValueError);
        EXPECT_EQ(out, "before");
        EXPECT_EQ(events_in(written({.data = bad + std::string("data: evil\n\nid: 1")})).find("}m"),
                  std::string::npos);
    }
    EXPECT_THROW(written({.data = "x", .id = std::string("a\0", 2)}), ValueError);
    EXPECT_THROW(written({.data = "x", .event = ""}), ValueError);
    EXPECT_THROW(written({.data = "x", .retry = -1ms}), ValueError);
}

TEST(EventWriter, writes_what_the_parser_reads) {
    for (const ServerSentEvent& event :
         {ServerSentEvent{.data = " a\nb:c\n", .event = " x:y ", .id = " 7 ", .retry = 0ms},
          ServerSentEvent{.data = ""}, ServerSentEvent{.data = ": data\n\n"}}) {
        EventParser parser;
        parser.feed(written(event));
        EXPECT_EQ(parser.next().value(), event);
    }
}

TEST(EventWriter, writes_comments_that_no_client_sees) {
    Bytes out;
    write_comment(out, "ping");
    EXPECT_EQ(out, ": ping\n\n");
    write_comment(out, "two\r\nlines\ndata: evil");
    EXPECT_EQ(events_in(out + "data: a\n\n"), "message -/-{a};-/-");
}

}  // namespace
}  // namespace weft::http::wire
