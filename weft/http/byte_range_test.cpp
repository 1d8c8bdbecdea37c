// SPDX-License-Identifier: Apache-2.0
#include <weft/http/byte_range.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/field_error.hpp>

namespace weft::http {
namespace {

using Requests = std::vector<RangeRequest>;
using Ranges = std::vector<ByteRange>;
constexpr std::optional<std::uint64_t> open;

Requests requests_of(std::string_view text) {
    const auto ranges = parse_range(text);
    EXPECT_TRUE(ranges) << text;
    return ranges.value_or(Requests());
}
Ranges ranges_of(std::string_view text, std::uint64_t size) {
    return resolve_ranges(requests_of(text), size);
}

// RFC 9110 §14.1.2, the examples.
TEST(Range, reads_each_form) {
    EXPECT_EQ(requests_of("bytes=0-499"), (Requests{{0, 499}}));
    EXPECT_EQ(requests_of("bytes=9500-"), (Requests{{9500, open}}));
    EXPECT_EQ(requests_of("bytes=-500"), (Requests{{open, 500}}));
    EXPECT_EQ(requests_of("bytes=0-0,-1"), (Requests{{0, 0}, {open, 1}}));
    EXPECT_EQ(requests_of(" Bytes=500-600 , , 601-999 "), (Requests{{500, 600}, {601, 999}}));
    EXPECT_EQ(requests_of("bytes=0-9223372036854775807"), (Requests{{0, 9223372036854775807u}}));
}

TEST(Range, refuses_what_is_none) {
    for (const std::string_view text : {"",
                                        "bytes",
                                        "bytes=",
                                        "bytes=,",
                                        "bytes=-",
                                        "bytes=a-b",
                                        "bytes=1",
                                        "bytes=5-4",
                                        "bytes=+1-2",
                                        "bytes=1-+2",
                                        "bytes=-1-2",
                                        "bytes=--1",
                                        "bytes=0x1-2",
                                        "bytes=1-2-3",
                                        "bytes=1 - 2",
                                        "bytes = 1-2",
                                        "bytes=1-2;3-4",
                                        "bytes 1-2",
                                        "items=1-2",
                                        "bytesx=1-2",
                                        "bytes=1-9223372036854775808",
                                        "bytes=18446744073709551616-",
                                        "bytes=0-1,x",
                                        "bytes=\xd9\xa1-2"}) {
        const auto ranges = parse_range(text);
        ASSERT_FALSE(ranges) << text;
        EXPECT_EQ(ranges.error().problem, FieldProblem::bad_range) << text;
    }
    EXPECT_EQ(describe(parse_range("bytes=5-4").error()),
              "'bytes=5-4' is no range of bytes, as bytes=0-499 and bytes=-500 are");
}

// CVE-2011-3192 (Apache), CVE-2025-62727 (Starlette).
TEST(Range, count_is_limited) {
    EXPECT_EQ(requests_of("bytes=0-,0-,0-,0-,0-,0-,0-,0-").size(), 8u);
    EXPECT_EQ(parse_range("bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-").error().problem,
              FieldProblem::too_many_ranges);
    EXPECT_EQ(parse_range("bytes=0-,1-", 1).error().problem, FieldProblem::too_many_ranges);
    std::string many = "bytes=0-0";
    for (int count = 0; count < 100'000; ++count) many += ",0-0";
    EXPECT_EQ(parse_range(many).error().problem, FieldProblem::too_many_ranges);
}

TEST(Range, is_of_what_there_is) {
    EXPECT_EQ(ranges_of("bytes=0-499", 1000), (Ranges{{0, 499}}));
    EXPECT_EQ(ranges_of("bytes=0-499", 100), (Ranges{{0, 99}}));
    EXPECT_EQ(ranges_of("bytes=99-", 100), (Ranges{{99, 99}}));
    EXPECT_EQ(ranges_of("bytes=-30", 100), (Ranges{{70, 99}}));
    EXPECT_EQ(ranges_of("bytes=-300", 100), (Ranges{{0, 99}}));
    EXPECT_EQ(ranges_of("bytes=0-9223372036854775807", 1), (Ranges{{0, 0}}));
}

TEST(Range, that_is_of_nothing_is_left_out) {
    EXPECT_EQ(ranges_of("bytes=100-", 100), Ranges());
    EXPECT_EQ(ranges_of("bytes=-0", 100), Ranges());
    EXPECT_EQ(ranges_of("bytes=0-", 0), Ranges());
    EXPECT_EQ(ranges_of("bytes=-5", 0), Ranges());
    EXPECT_EQ(ranges_of("bytes=500-600,0-9", 100), (Ranges{{0, 9}}));
}

// RFC 9110 §14.2: ranges that overlap are an attack, or a mistake.
TEST(Range, gives_no_byte_twice) {
    EXPECT_EQ(ranges_of("bytes=0-,0-,0-", 100), (Ranges{{0, 99}}));
    EXPECT_EQ(ranges_of("bytes=50-59,0-9,5-20", 100), (Ranges{{0, 20}, {50, 59}}));
    EXPECT_EQ(ranges_of("bytes=0-9,10-19", 100), (Ranges{{0, 19}}));
    EXPECT_EQ(ranges_of("bytes=0-9,11-19", 100), (Ranges{{0, 9}, {11, 19}}));
    EXPECT_EQ(ranges_of("bytes=0-99,10-19,-1", 100), (Ranges{{0, 99}}));
}

TEST(Range, is_written_as_it_is_read) {
    const Requests ranges{{0, 499}, {500, open}, {open, 5}};
    EXPECT_EQ(format_range(ranges), "bytes=0-499, 500-, -5");
    EXPECT_EQ(requests_of(format_range(ranges)), ranges);
    EXPECT_THROW((void)format_range(Requests{}), ValueError);
    EXPECT_THROW((void)format_range(Requests{{5, 4}}), ValueError);
    EXPECT_THROW((void)format_range(Requests{{open, open}}), ValueError);
}

// RFC 9110 §14.4, the examples.
TEST(ContentRange, reads_what_it_writes) {
    const struct {
        std::string_view text;
        ContentRange range;
    } cases[] = {
        {"bytes 42-1233/1234", {ByteRange{42, 1233}, 1234}},
        {"bytes 42-1233/*", {ByteRange{42, 1233}, std::nullopt}},
        {"bytes */1234", {std::nullopt, 1234}},
        {"bytes 0-0/1", {ByteRange{0, 0}, 1}},
        {"bytes */0", {std::nullopt, 0}},
    };
    for (const auto& [text, range] : cases) {
        EXPECT_EQ(ContentRange::parse(text), range) << text;
        EXPECT_EQ(range.to_string(), text);
    }
    EXPECT_EQ(ContentRange::parse("bytes 42-1233/1234")->range->size(), 1192u);
}

// A range that lies about the size makes a client write behind its buffer.
TEST(ContentRange, refuses_what_is_none) {
    for (const std::string_view text : {"",
                                        "bytes",
                                        "bytes ",
                                        "bytes */*",
                                        "bytes 0-9",
                                        "bytes 0-9/",
                                        "bytes 0-9/9",
                                        "bytes 9-0/10",
                                        "bytes -9/10",
                                        "bytes 0-/10",
                                        "bytes=0-9/10",
                                        "items 0-9/10",
                                        "bytes 0-9/+10",
                                        "bytes  0-9/10",
                                        "bytes 0-9/10/11",
                                        "bytes 0-9/1x",
                                        "bytes 0-9223372036854775808/*",
                                        "bytes 0 - 9/10",
                                        "bytes /10",
                                        "bytes 0-9 / 10"}) {
        const auto range = ContentRange::parse(text);
        ASSERT_FALSE(range) << text;
        EXPECT_EQ(range.error().problem, FieldProblem::bad_content_range);
    }
    EXPECT_THROW((void)ContentRange().to_string(), ValueError);
    EXPECT_THROW((void)ContentRange(ByteRange{0, 9}, 9).to_string(), ValueError);
    EXPECT_THROW((void)ContentRange(ByteRange{9, 0}, std::nullopt).to_string(), ValueError);
}

}  // namespace
}  // namespace weft::http
