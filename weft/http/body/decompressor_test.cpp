// SPDX-License-Identifier: Apache-2.0
// Goal:   what the formats' specifications say is content comes out, and nothing else passes.
// Method: bytes written by hand from the specifications; decompress_test.hpp feeds each example whole,
//         byte by byte and cut at every offset. Bombs are in decompression_attacks_test.cpp.
#include <weft/http/body/decompressor.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompress_test.hpp>

namespace weft::http {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using enum ContentCoding;
using enum CodingProblem;

// A stored block of DEFLATE, RFC 1951 §3.2.4: "hello".
const Bytes raw_hello = "\x01\x05\x00\xfa\xffhello"s;
// RFC 1950 §2.2, and Adler-32.
const Bytes zlib_hello = "\x78\x01"s + raw_hello + "\x06\x2c\x02\x15"s;
// RFC 1952 §2.3: no flags, no time, CRC-32, size.
const Bytes gzip_hello =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"s + raw_hello + "\x86\xa6\x10\x36\x05\x00\x00\x00"s;
// RFC 7932 §9: a window of 64 KiB, an uncompressed meta-block, an empty last one.
const Bytes br_hello = "\x40\x00\x10hello\x03"s;
// RFC 8878 §3.1.1: a single segment of five bytes, one raw block.
const Bytes zstd_hello = "\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00hello"s;
// RFC 8878 §3.1.2: a frame that is skipped.
const Bytes zstd_skipped = "\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz"s;

struct Example {
    ContentCoding coding;
    Bytes data;
};
const std::vector<Example> examples{{gzip, gzip_hello},
                                    {deflate, zlib_hello},
                                    {deflate, raw_hello},
                                    {br, br_hello},
                                    {zstd, zstd_hello}};

Outcome hello_and(std::optional<CodingProblem> problem) { return {"hello", problem}; }
const Outcome hello{"hello", {}};

std::string describe_problem(BytesView data, ContentCoding coding) {
    Decompressor decompressor(coding);
    for (;;) {
        const auto piece = decompressor.decompress(data);
        if (!piece) return describe(piece.error());
        if (piece->empty()) return "no problem";
    }
}

TEST(Decompressor, reads_each_format_however_it_is_cut) {
    for (const auto& [coding, data] : examples) {
        EXPECT_EQ(decompressed_however_cut(data, {coding}), hello) << name_of(coding);
    }
}

TEST(Decompressor, reads_what_the_compressor_writes) {
    Bytes text;
    for (int line = 0; text.size() < 300'000; ++line) text += std::to_string(line * line) + "\n";
    for (const ContentCoding coding : {gzip, deflate, br, zstd}) {
        for (const BytesView content : {""sv, "x"sv, BytesView(text)}) {
            const Bytes data = compressed(content, coding);
            for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, Bytes::npos}) {
                for (const std::size_t room : {std::size_t{100}, std::size_t{64} * 1024}) {
                    EXPECT_EQ(decompressed(data, {coding}, {}, piece, room),
                              (Outcome{Bytes(content), {}}))
                        << name_of(coding) << " in pieces of " << piece;
                }
            }
        }
    }
}

TEST(Decompressor, deflate_is_zlib_or_raw) {
    // Levels and windows that zlib's header may tell.
    for (const BytesView head :
         {"\x78\x01"sv, "\x78\x5e"sv, "\x78\x9c"sv, "\x78\xda"sv, "\x18\x19"sv, "\x08\x1d"sv}) {
        const Bytes data = Bytes(head) + zlib_hello.substr(2);
        EXPECT_EQ(decompressed_however_cut(data, {deflate}), hello);
    }
    // An empty raw stream has two bytes, and so is told apart: RFC 1951 §3.2.6.
    EXPECT_EQ(decompressed_however_cut("\x03\x00"sv, {deflate}), Outcome());
    // Nor is a stored block with ones in its padding zlib's, unless the sum of both bytes says so.
    EXPECT_EQ(decompressed_however_cut("\x08\x05\x00\xfa\xffhello\x03\x00"s, {deflate}), hello);
    // Neither: as raw data it has a block of the reserved type.
    EXPECT_EQ(decompressed_however_cut("\x7f\x01hello"sv, {deflate}).problem, corrupt);
}

// RFC 1952 §2.2: a file is a series of members.
TEST(Decompressor, gzip_may_have_several_members) {
    EXPECT_EQ(decompressed_however_cut(gzip_hello + compressed(", ", gzip) + gzip_hello, {gzip}),
              (Outcome{"hello, hello", {}}));
}

// Archives are filled up with zeros; gzip and Python read over them.
TEST(Decompressor, zeros_may_follow_a_member_of_gzip) {
    const Bytes zeros(5, '\0');
    EXPECT_EQ(decompressed_however_cut(gzip_hello + zeros, {gzip}), hello);
    EXPECT_EQ(decompressed_however_cut(gzip_hello + zeros + gzip_hello, {gzip}),
              (Outcome{"hellohello", {}}));
    EXPECT_EQ(decompressed_however_cut(zeros + gzip_hello, {gzip}), (Outcome{"", corrupt}));
}

// RFC 1952 §2.3.1: extra field, name, comment, and the header's own sum.
TEST(Decompressor, gzip_may_have_a_long_header) {
    const Bytes head =
        "\x1f\x8b\x08\x1c\x00\x00\x00\x00\x00\x03\x04\x00"
        "AB\x00\x00name\0comment\0"s;
    EXPECT_EQ(decompressed_however_cut(head + gzip_hello.substr(10), {gzip}), hello);
}

// RFC 8878 §3: frames that follow each other, some of them to be skipped.
TEST(Decompressor, zstd_may_have_several_frames) {
    EXPECT_EQ(
        decompressed_however_cut(zstd_skipped + zstd_hello + zstd_skipped + zstd_hello, {zstd}),
        (Outcome{"hellohello", {}}));
    EXPECT_EQ(decompressed_however_cut(zstd_skipped, {zstd}), Outcome());
}

TEST(Decompressor, chain_is_undone_from_its_end) {
    const Bytes data = compressed(gzip_hello, br);
    EXPECT_EQ(decompressed_however_cut(data, {gzip, br}), hello);
    EXPECT_EQ(decompressed_however_cut(data, {br, gzip}).problem, corrupt);
    EXPECT_EQ(decompressed_however_cut(compressed(data, zstd), {gzip, br, zstd}), hello);
    EXPECT_EQ(decompressed_however_cut(compressed(gzip_hello + gzip_hello, gzip), {gzip, gzip}),
              (Outcome{"hellohello", {}}));
}

TEST(Decompressor, chain_gives_more_than_its_buffers_hold) {
    Bytes text;
    for (int line = 0; text.size() < 300'000; ++line) text += std::to_string(line * line) + "\n";
    for (const ContentCoding outer : {gzip, deflate, br, zstd}) {
        const Bytes data = compressed(compressed(text, zstd), outer);
        EXPECT_EQ(decompressed(data, {zstd, outer}), (Outcome{text, {}})) << name_of(outer);
        EXPECT_EQ(decompressed(data, {zstd, outer}, {}, 7, 100), (Outcome{text, {}}));
    }
}

TEST(Decompressor, without_codings_content_is_the_data) {
    EXPECT_EQ(decompressed_however_cut("hello", {}), hello);
    EXPECT_EQ(decompressed_however_cut("hello", {identity}), hello);
    EXPECT_EQ(decompressed_however_cut(gzip_hello, {identity, gzip}), hello);
}

// A response to HEAD, a 304, and servers that tell a coding of nothing.
TEST(Decompressor, no_data_is_no_content) {
    for (const ContentCoding coding : {gzip, deflate, br, zstd}) {
        EXPECT_EQ(decompressed("", {coding}), Outcome());
        EXPECT_EQ(decompressed(compressed("", coding), {gzip, coding}), Outcome());
    }
}

TEST(Decompressor, refuses_data_that_is_cut_off_anywhere) {
    for (const auto& [coding, data] : examples) {
        for (std::size_t size = 1; size < data.size(); ++size) {
            const Outcome found = decompressed_however_cut(data.substr(0, size), {coding});
            EXPECT_EQ(found.problem, cut_off) << name_of(coding) << " of " << size;
            EXPECT_TRUE("hello"sv.starts_with(found.content));
        }
    }
    for (std::size_t size = 1; size < gzip_hello.size(); ++size) {
        EXPECT_EQ(decompressed_however_cut(gzip_hello + gzip_hello.substr(0, size), {gzip}).problem,
                  cut_off);
    }
    const Bytes chain = compressed(gzip_hello, br);
    EXPECT_EQ(decompressed(chain.substr(0, chain.size() - 1), {gzip, br}).problem, cut_off);
    // The inner one is cut off, the outer one is not.
    EXPECT_EQ(decompressed(compressed(gzip_hello.substr(0, 20), br), {gzip, br}).problem, cut_off);
}

TEST(Decompressor, is_not_complete_while_content_waits) {
    Decompressor decompressor(br);
    BytesView data = br_hello;
    Bytes room(5, '\0');
    EXPECT_EQ(decompressor.decompress_into(room, data), 5u);
    EXPECT_EQ(decompressor.decompress_into(room, data), 0u);
    EXPECT_TRUE(decompressor.is_complete());

    Decompressor early(gzip);
    data = gzip_hello;
    EXPECT_EQ(early.decompress_into(std::span(room).first(2), data), 2u);
    EXPECT_FALSE(early.is_complete());
    EXPECT_EQ(early.finish().error().problem, cut_off);
}

// All of the outer data is there, and the inner one could end here, were there not another frame.
TEST(Decompressor, is_not_complete_while_a_chain_holds_data) {
    Decompressor decompressor(std::vector{zstd, gzip});
    const Bytes whole = compressed(zstd_hello + zstd_hello, gzip);
    BytesView data = whole;
    Bytes room(5, '\0');
    EXPECT_EQ(decompressor.decompress_into(room, data), 5u);
    EXPECT_FALSE(decompressor.is_complete());
    EXPECT_EQ(decompressor.finish().error().problem, cut_off);
    EXPECT_EQ(decompressor.decompress_into(room, data), 5u);
    EXPECT_EQ(decompressor.decompress_into(room, data), 0u);
    EXPECT_TRUE(decompressor.finish());
}

TEST(Decompressor, refuses_bytes_behind_the_end) {
    for (const auto& [coding, data] : examples) {
        for (const BytesView more :
             {"x"sv, "<html>"sv, "\n"sv, "\x1f "sv, "\x1f\x8c"sv, "\x28\xb5\x2f "sv}) {
            EXPECT_EQ(decompressed_however_cut(data + Bytes(more), {coding}),
                      hello_and(trailing_data))
                << name_of(coding);
        }
    }
    for (const ContentCoding coding : {deflate, br}) {
        const Bytes twice = coding == br ? br_hello + br_hello : zlib_hello + zlib_hello;
        EXPECT_EQ(decompressed_however_cut(twice, {coding}), hello_and(trailing_data));
        EXPECT_EQ(decompressed_however_cut(twice.substr(0, twice.size() / 2) + "\0"s, {coding}),
                  hello_and(trailing_data));
    }
    EXPECT_EQ(decompressed_however_cut(zstd_hello + "\0"s, {zstd}), hello_and(trailing_data));
}

TEST(Decompressor, ignores_bytes_behind_the_end_where_asked_to) {
    const DecompressorOptions lenient{.ignore_trailing_data = true};
    for (const auto& [coding, data] : examples) {
        for (const BytesView more :
             {"x"sv, "\x1f"sv, "\x1f "sv, "\x28\xb5"sv, "\x28\xb5\x2f "sv, "\0x"sv}) {
            EXPECT_EQ(decompressed_however_cut(data + Bytes(more) + Bytes(more), {coding}, lenient),
                      hello)
                << name_of(coding);
        }
    }
    // What begins as a member is one, and what begins the data must be one.
    EXPECT_EQ(decompressed_however_cut(gzip_hello + "\x1f\x8b\x09\x00"s, {gzip}, lenient).problem,
              corrupt);
    EXPECT_EQ(decompressed_however_cut("x" + gzip_hello, {gzip}, lenient).problem, corrupt);
    EXPECT_EQ(decompressed_however_cut(gzip_hello.substr(0, 1), {gzip}, lenient).problem, cut_off);
}

TEST(Decompressor, refuses_what_is_corrupt) {
    const auto changed = [](Bytes data, std::size_t at, char to) {
        data[at] = to;
        return data;
    };
    const struct {
        ContentCoding coding;
        Bytes data;
    } cases[] = {
        {gzip, "\x1f\x9d\x90hello"s},                          // compress(1)
        {gzip, zlib_hello},                                    //
        {gzip, "<html>no gzip</html>"},                        //
        {gzip, changed(gzip_hello, 2, '\x09')},                // the method
        {gzip, changed(gzip_hello, 3, '\xe0')},                // flags that are reserved
        {gzip, changed(gzip_hello, 3, '\x02')},                // a sum of the header that is none
        {gzip, changed(gzip_hello, 13, '\xfb')},               // a size and its complement
        {gzip, changed(gzip_hello, 20, '\x87')},               // CRC-32
        {gzip, changed(gzip_hello, 24, '\x06')},               // the size
        {deflate, changed(zlib_hello, 15, '\x16')},            // Adler-32
        {deflate, "\x78\xbb\x06\x2c\x02\x15"s + raw_hello},    // a dictionary that nobody has
        {deflate, gzip_hello},                                 //
        {br, changed(br_hello, 0, '\x11')},                    // a window of more than 16 MiB
        {br, gzip_hello},                                      //
        {br, "hello, world"},                                  //
        {zstd, changed(zstd_hello, 0, '\x27')},                //
        {zstd, "\x27\xb5\x2f\xfd\x20\x05\x29\x00\x00hello"s},  // zstd 0.7
        {zstd, changed(zstd_hello, 4, '\x28')},                // a bit that is reserved
        {zstd, changed(zstd_hello, 6, '\x2f')},                // a block of the reserved type
        {zstd, changed(zstd_hello, 5, '\x06')},                // the size of the content
        {zstd, "\x28\xb5\x2f\xfd\x21\x07\x05\x29\x00\x00hello"s},  // a dictionary that nobody has
        {zstd, gzip_hello},                                        //
    };
    for (const auto& [coding, data] : cases) {
        EXPECT_EQ(decompressed_however_cut(data, {coding}).problem, corrupt)
            << name_of(coding) << " " << describe_problem(data, coding);
    }
}

TEST(Decompressor, says_what_is_corrupt) {
    Bytes data = gzip_hello;
    data[20] = 'x';
    EXPECT_EQ(describe_problem(data, gzip), "'gzip' data is corrupt: incorrect data check");
    EXPECT_EQ(describe_problem("hello", gzip),
              "'gzip' data is corrupt: it does not begin with the mark of the format");
    EXPECT_EQ(describe_problem("\x78\xbb\x06\x2c\x02\x15"s, deflate),
              "'deflate' data is corrupt: it needs a preset dictionary");
}

TEST(Decompressor, gives_the_content_before_an_error_and_the_error_for_good) {
    Bytes data = gzip_hello + "x";
    Decompressor decompressor(gzip);
    BytesView left = data;
    EXPECT_EQ(decompressor.decompress(left), "hello");
    for (int call = 0; call < 3; ++call) {
        BytesView good = gzip_hello;
        EXPECT_EQ(decompressor.decompress(good).error().problem, trailing_data);
    }
    EXPECT_EQ(decompressor.finish().error().problem, trailing_data);
    EXPECT_FALSE(decompressor.is_complete());
}

// In a chain the inner one has content of its own before the outer one fails.
TEST(Decompressor, gives_the_content_before_an_error_of_the_coding_applied_last) {
    EXPECT_EQ(decompressed_however_cut(compressed(gzip_hello, gzip) + "x", {gzip, gzip}),
              hello_and(trailing_data));
}

TEST(Decompressor, pieces_are_no_larger_than_asked_for) {
    const Bytes data = compressed(Bytes(100'000, 'a'), gzip);
    Decompressor decompressor(gzip);
    BytesView left = data;
    EXPECT_EQ(decompressor.decompress(left, 10), Bytes(10, 'a'));
    EXPECT_EQ(decompressor.decompress(left)->size(), Decompressor::piece_bytes_max);
    EXPECT_EQ(decompressor.decompress(left)->size(), 100'000 - 10 - Decompressor::piece_bytes_max);
    EXPECT_EQ(decompressor.decompress(left), "");
    EXPECT_TRUE(decompressor.finish());
}

// Asking again costs nothing, and is no error, however often.
TEST(Decompressor, may_be_asked_without_data) {
    for (const auto& [coding, data] : examples) {
        Decompressor decompressor(coding);
        BytesView nothing;
        for (int call = 0; call < 100; ++call) EXPECT_EQ(decompressor.decompress(nothing), "");
        BytesView first = BytesView(data).substr(0, 6);
        EXPECT_TRUE(decompressor.decompress(first));
        for (int call = 0; call < 100; ++call) EXPECT_TRUE(decompressor.decompress(nothing));
        BytesView rest = BytesView(data).substr(6);
        while (decompressor.decompress(rest).value_or("").size() > 0) {
        }
        EXPECT_TRUE(decompressor.finish()) << name_of(coding);
    }
}

TEST(Decompressor, moves_in_the_middle) {
    const Bytes data = compressed(zlib_hello, zstd);
    Decompressor first(std::vector{deflate, zstd});
    BytesView half = BytesView(data).substr(0, data.size() / 2);
    Bytes content = first.decompress(half).value();
    Decompressor second = std::move(first);
    BytesView rest = BytesView(data).substr(data.size() / 2);
    for (;;) {
        const auto piece = second.decompress(rest);
        ASSERT_TRUE(piece);
        if (piece->empty()) break;
        content += *piece;
    }
    EXPECT_EQ(content, "hello");
    EXPECT_TRUE(second.finish());
}

// The example of decompressor.hpp.
TEST(Decompressor, example) {
    Bytes text;
    std::size_t sent = 0;
    Decompressor decompressor(ContentCoding::gzip);
    while (sent < gzip_hello.size()) {
        BytesView data = BytesView(gzip_hello).substr(sent++, 1);
        for (;;) {
            const auto piece = decompressor.decompress(data);
            if (!piece) throw ValueError(describe(piece.error()));
            if (piece->empty()) break;
            text += *piece;
        }
    }
    if (const auto done = decompressor.finish(); !done) throw ValueError(describe(done.error()));
    EXPECT_EQ(text, "hello");
}

}  // namespace
}  // namespace weft::http
