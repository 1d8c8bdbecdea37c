// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/compressor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompress_test.hpp>
#include <weft/http/body/decompressor.hpp>

namespace weft::http {
namespace {

using enum ContentCoding;
const std::vector<ContentCoding> all{identity, gzip, deflate, br, zstd};

Bytes text_of_size(std::size_t size) {
    Bytes text;
    for (int line = 0; text.size() < size; ++line) text += std::to_string(line * line) + "\n";
    return text;
}
Bytes noise_of_size(std::size_t size) {
    Bytes noise;
    std::uint32_t state = 7;
    while (noise.size() < size)
        noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return noise;
}

TEST(Compressor, writes_what_can_be_read) {
    for (const ContentCoding coding : all) {
        for (const Bytes& content :
             {Bytes(), Bytes("x"), text_of_size(200'000), noise_of_size(200'000)}) {
            EXPECT_EQ(decompressed(compressed(content, coding), {coding}), (Outcome{content, {}}))
                << name_of(coding);
        }
    }
}

TEST(Compressor, takes_content_in_pieces) {
    const Bytes text = text_of_size(100'000);
    for (const ContentCoding coding : all) {
        Compressor compressor(coding);
        Bytes out;
        for (std::size_t at = 0; at < text.size(); at += 333) {
            compressor.compress(out, BytesView(text).substr(at, 333));
            compressor.compress(out, "");
        }
        compressor.finish(out);
        EXPECT_EQ(decompressed(out, {coding}), (Outcome{text, {}})) << name_of(coding);
    }
}

TEST(Compressor, makes_text_smaller_and_noise_little_larger) {
    const Bytes text = text_of_size(200'000);
    const Bytes noise = noise_of_size(200'000);
    for (const ContentCoding coding : {gzip, deflate, br, zstd}) {
        EXPECT_LT(compressed(text, coding).size(), text.size() / 2) << name_of(coding);
        EXPECT_LT(compressed(noise, coding).size(), noise.size() + noise.size() / 500);
    }
}

TEST(Compressor, appends) {
    for (const ContentCoding coding : all) {
        Compressor compressor(coding);
        Bytes out = "before";
        compressor.compress(out, "hello");
        compressor.flush(out);
        compressor.finish(out);
        EXPECT_EQ(out.substr(0, 6), "before");
        EXPECT_EQ(decompressed(out.substr(6), {coding}), (Outcome{"hello", {}}));
    }
}

// A stream of events: each must arrive when it is sent, not when the buffers are full.
TEST(Compressor, flush_gives_the_peer_all_that_went_in) {
    for (const ContentCoding coding : all) {
        Compressor compressor(coding);
        Decompressor decompressor(coding);
        for (const Bytes& event :
             {Bytes("one\n"), Bytes("two\n"), text_of_size(50'000), Bytes("x")}) {
            Bytes sent;
            compressor.compress(sent, event);
            compressor.flush(sent);
            Bytes received;
            BytesView data = sent;
            for (;;) {
                const auto piece = decompressor.decompress(data);
                ASSERT_TRUE(piece);
                if (piece->empty()) break;
                received += *piece;
            }
            EXPECT_EQ(received, event) << name_of(coding);
        }
        Bytes end;
        compressor.finish(end);
        BytesView data = end;
        EXPECT_EQ(decompressor.decompress(data), "");
        EXPECT_TRUE(decompressor.finish()) << name_of(coding);
    }
}

TEST(Compressor, flush_of_nothing_is_harmless) {
    for (const ContentCoding coding : all) {
        Compressor compressor(coding);
        Bytes out;
        compressor.flush(out);
        compressor.flush(out);
        compressor.compress(out, "hello");
        for (int call = 0; call < 50; ++call) compressor.flush(out);
        compressor.finish(out);
        EXPECT_EQ(decompressed(out, {coding}), (Outcome{"hello", {}})) << name_of(coding);
    }
}

TEST(Compressor, is_spent_once_it_is_finished) {
    for (const ContentCoding coding : all) {
        Compressor compressor(coding);
        Bytes out;
        compressor.finish(out);
        EXPECT_THROW(compressor.compress(out, "x"), RuntimeError);
        EXPECT_THROW(compressor.flush(out), RuntimeError);
        EXPECT_THROW(compressor.finish(out), RuntimeError);
    }
}

TEST(Compressor, takes_each_level_and_no_other) {
    const Bytes text = text_of_size(2000);
    const struct {
        ContentCoding coding;
        int min;
        int max;
    } levels[] = {{gzip, 0, 9}, {deflate, 0, 9}, {br, 0, 11}, {zstd, 1, 19}};
    for (const auto& [coding, min, max] : levels) {
        for (int level = min; level <= max; ++level) {
            EXPECT_EQ(decompressed(compressed(text, coding, level), {coding}), (Outcome{text, {}}));
        }
        EXPECT_THROW(Compressor(coding, {.level = min - 1}), ValueError);
        EXPECT_THROW(Compressor(coding, {.level = max + 1}), ValueError);
        EXPECT_LT(compressed(text, coding, max).size(), compressed(text, coding, min).size());
    }
    EXPECT_THROW(Compressor(identity, {.level = 1}), ValueError);
    try {
        const Compressor compressor(br, {.level = 12});
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_STREQ(error.what(), "the level 12 of br is not from 0 to 11");
    }
}

// Some browsers take raw data for deflate, others zlib's; RFC 9110 §8.4.1.2 means the latter.
TEST(Compressor, deflate_is_the_format_of_zlib) {
    const Bytes data = compressed("hello", deflate);
    const unsigned head =
        static_cast<std::uint8_t>(data[0]) * 256u + static_cast<std::uint8_t>(data[1]);
    EXPECT_EQ(data[0], 0x78);
    EXPECT_EQ(head % 31, 0u);
}

// Two responses of one content are the same bytes, which an ETag relies on: no time of day.
TEST(Compressor, same_content_is_the_same_data) {
    for (const ContentCoding coding : all) {
        EXPECT_EQ(compressed("hello", coding), compressed("hello", coding));
    }
    EXPECT_EQ(compressed("hello", gzip).substr(0, 9), Bytes("\x1f\x8b\x08\0\0\0\0\0\0", 9));
}

// RFC 9659: browsers refuse a larger window. RFC 8878 §3.1.1.1.2: its exponent is in five bits.
TEST(Compressor, window_of_zstd_is_8_mebibytes_at_most) {
    for (int level = 1; level <= 19; ++level) {
        Compressor compressor(zstd, {.level = level});
        Bytes out;
        compressor.compress(out, "hello");
        compressor.flush(out);
        const auto frame_descriptor = static_cast<std::uint8_t>(out[4]);
        ASSERT_EQ(frame_descriptor & 0x20, 0) << "a single segment";
        EXPECT_LE(static_cast<std::uint8_t>(out[5]), (23 - 10) << 3) << level;
    }
}

TEST(Compressor, moves_in_the_middle) {
    for (const ContentCoding coding : all) {
        Compressor first(coding);
        Bytes out;
        first.compress(out, "he");
        Compressor second = std::move(first);
        second.compress(out, "llo");
        second.finish(out);
        EXPECT_EQ(decompressed(out, {coding}), (Outcome{"hello", {}}));
    }
}

// The example of compressor.hpp.
TEST(Compressor, example) {
    Compressor compressor(ContentCoding::gzip);
    Bytes body;
    compressor.compress(body, "hello ");
    compressor.compress(body, "world");
    compressor.finish(body);
    EXPECT_EQ(decompressed(body, {gzip}), (Outcome{"hello world", {}}));
}

}  // namespace
}  // namespace weft::http
