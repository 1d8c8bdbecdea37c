// SPDX-License-Identifier: Apache-2.0
// Goal:   a few bytes never become much memory or much time.
// Method: one test for each lesson, with the vulnerabilities that taught it.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/body/content_coding.hpp>
#include <weft/http/body/decompress_test.hpp>
#include <weft/http/body/decompressor.hpp>

namespace weft::http {
namespace {

using namespace std::string_literals;
using enum ContentCoding;
using enum CodingProblem;

constexpr std::size_t mebibyte = std::size_t{1024} * 1024;

// RFC 8878 §3.1.1.2: a frame with a window of 128 KiB, and blocks of one byte that is repeated
// 128 KiB times: 32,768 : 1.
Bytes zstd_repeated(std::size_t blocks) {
    Bytes data = "\x28\xb5\x2f\xfd\x00\x38"s;
    for (std::size_t block = 1; block < blocks; ++block) data += "\x02\x00\x10\x61"s;
    return data + "\x03\x00\x10\x61"s;
}
constexpr std::size_t repeated_bytes = std::size_t{128} * 1024;

// CVE-2025-69223 (aiohttp), CVE-2025-66471 (urllib3): what is streamed is as little bounded.
TEST(DecompressionAttacks, bomb_of_each_coding_is_refused_past_the_first_mebibyte) {
    const Bytes zeros(8 * mebibyte, '\0');
    for (const ContentCoding coding : {gzip, deflate, br, zstd}) {
        const Bytes data = compressed(zeros, coding);
        ASSERT_LT(data.size(), zeros.size() / 200) << name_of(coding);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, Bytes::npos}) {
            const Outcome found = decompressed(data, {coding}, {}, piece, 1024);
            EXPECT_EQ(found.problem, ratio_exceeded) << name_of(coding);
            EXPECT_GE(found.content.size(), mebibyte);
            EXPECT_LE(found.content.size(), 200 * data.size() + mebibyte + 1024);
        }
    }
}

TEST(DecompressionAttacks, content_that_merely_repeats_itself_is_taken) {
    const Bytes page(mebibyte, 'a');  // within what is free
    for (const ContentCoding coding : {gzip, deflate, br, zstd}) {
        EXPECT_EQ(decompressed(compressed(page, coding), {coding}), (Outcome{page, {}}));
    }
    Bytes log;  // some 20 : 1
    for (int line = 0; log.size() < 4 * mebibyte; ++line) {
        log += "GET /static/style.css HTTP/1.1 200 " + std::to_string(line) + "\n";
    }
    EXPECT_EQ(decompressed(compressed(log, gzip), {gzip}), (Outcome{log, {}}));
}

TEST(DecompressionAttacks, ratio_is_the_one_that_is_set) {
    const Bytes zeros(4 * mebibyte, '\0');
    const Bytes data = compressed(zeros, gzip);
    const auto with = [&](std::uint64_t ratio_max, std::uint64_t free) {
        return decompressed(data, {gzip},
                            {.limits = {.ratio_max = ratio_max, .ratio_free_bytes = free}});
    };
    EXPECT_EQ(with(2000, 0).problem, std::nullopt);
    EXPECT_EQ(with(DecompressionLimits::unlimited, 0).problem, std::nullopt);
    EXPECT_EQ(with(1, 4 * mebibyte).problem, std::nullopt);
    EXPECT_EQ(with(1, 4 * mebibyte - 1).problem, ratio_exceeded);
    EXPECT_EQ(with(1, 0).problem, ratio_exceeded);
}

// The first bytes of an honest body pay for no bomb behind them for long.
TEST(DecompressionAttacks, bomb_in_a_later_member_is_refused) {
    Bytes noise;
    std::uint32_t state = 1;
    while (noise.size() < 100'000)
        noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    const Bytes data = compressed(noise, gzip) + compressed(Bytes(64 * mebibyte, '\0'), gzip);
    const Outcome found = decompressed(data, {gzip}, {}, Bytes::npos, 4096);
    EXPECT_EQ(found.problem, ratio_exceeded);
    EXPECT_LE(found.content.size(), 200 * data.size() + 4096);
}

// CVE-2022-32206, CVE-2023-23916 (curl), CVE-2025-66418 (urllib3): each of two is within its ratio,
// and both together are its square.
TEST(DecompressionAttacks, chain_has_one_ratio) {
    const Bytes inner = zstd_repeated(512);  // 64 MiB out of 2 KiB
    for (const ContentCoding outer : {gzip, br}) {
        const Outcome found = decompressed(compressed(inner, outer), {zstd, outer}, {}, 64, 1024);
        EXPECT_EQ(found.problem, ratio_exceeded);
        EXPECT_LE(found.content.size(), mebibyte + 1024);
    }
}

// What becomes nothing in the end costs as much: zeros behind a member of gzip, which are dropped.
TEST(DecompressionAttacks, chain_that_is_blown_up_in_between_is_refused) {
    const Bytes inner = compressed("hello", gzip) + Bytes(16 * mebibyte, '\0');
    EXPECT_EQ(decompressed(compressed(inner, gzip), {gzip, gzip}),
              (Outcome{"hello", ratio_exceeded}));
    // The same in a frame of zstd that is skipped.
    const Bytes skipped = "\x50\x2a\x4d\x18\x00\x00\x00\x01"s + Bytes(16 * mebibyte, '\0');
    EXPECT_EQ(decompressed(compressed(skipped, br), {zstd, br}).problem, ratio_exceeded);
}

TEST(DecompressionAttacks, content_is_limited_to_the_byte) {
    const Bytes text = "0123456789";
    for (const ContentCoding coding : {gzip, deflate, br, zstd}) {
        const Bytes data = compressed(text, coding);
        EXPECT_EQ(decompressed_however_cut(data, {coding}, {.limits = {.bytes_max = 10}}),
                  (Outcome{text, {}}));
        EXPECT_EQ(decompressed_however_cut(data, {coding}, {.limits = {.bytes_max = 9}}),
                  (Outcome{"012345678", too_large}))
            << name_of(coding);
        EXPECT_EQ(decompressed_however_cut(data, {coding}, {.limits = {.bytes_max = 0}}),
                  (Outcome{"", too_large}));
        EXPECT_EQ(decompressed_however_cut(compressed("", coding), {coding},
                                           {.limits = {.bytes_max = 0}}),
                  Outcome());
    }
    EXPECT_EQ(decompressed_however_cut(compressed("01234", gzip) + compressed("56789", gzip),
                                       {gzip}, {.limits = {.bytes_max = 9}}),
              (Outcome{"012345678", too_large}));
}

// An end that is missing, or false, is told of at the limit, too.
TEST(DecompressionAttacks, content_at_its_limit_still_has_to_end) {
    const DecompressorOptions options{.limits = {.bytes_max = 5}};
    Bytes data = compressed("hello", gzip);
    EXPECT_EQ(decompressed_however_cut(data.substr(0, data.size() - 1), {gzip}, options),
              (Outcome{"hello", cut_off}));
    EXPECT_EQ(decompressed_however_cut(data + "x", {gzip}, options),
              (Outcome{"hello", trailing_data}));
    data.back() = 'x';
    EXPECT_EQ(decompressed_however_cut(data, {gzip}, options).problem, corrupt);
}

TEST(DecompressionAttacks, content_is_64_mebibytes_by_default) {
    EXPECT_EQ(DecompressionLimits().bytes_max, 64 * mebibyte);
    const Bytes data = zstd_repeated(64 * mebibyte / repeated_bytes + 1);
    const DecompressorOptions any_ratio{.limits = {.ratio_max = DecompressionLimits::unlimited}};
    const Outcome found = decompressed(data, {zstd}, any_ratio);
    EXPECT_EQ(found.problem, too_large);
    EXPECT_EQ(found.content.size(), 64 * mebibyte);
}

// aiohttp #13362: each member copied what was left of the data, which is quadratic. 50,000 members in
// a mebibyte would copy 25 GB.
TEST(DecompressionAttacks, many_members_take_no_more_time_than_their_bytes) {
    const DecompressorOptions options{.limits = {.members_max = DecompressionLimits::unlimited}};
    const Bytes member = compressed("x", gzip);
    const Bytes frame = "\x50\x2a\x4d\x18\x00\x00\x00\x00"s;
    Bytes members;
    while (members.size() < mebibyte) members += member;
    EXPECT_EQ(decompressed(members, {gzip}, options),
              (Outcome{Bytes(members.size() / member.size(), 'x'), {}}));
    Bytes frames;
    while (frames.size() < mebibyte) frames += frame;
    EXPECT_EQ(decompressed(frames, {zstd}, options), Outcome());
}

TEST(DecompressionAttacks, members_are_limited) {
    const Bytes member = compressed("x", gzip);
    const Bytes frame = "\x50\x2a\x4d\x18\x00\x00\x00\x00"s;
    const DecompressorOptions two{.limits = {.members_max = 2}};
    EXPECT_EQ(decompressed_however_cut(member + member, {gzip}, two), (Outcome{"xx", {}}));
    EXPECT_EQ(decompressed_however_cut(member + member + member, {gzip}, two),
              (Outcome{"xx", too_many_members}));
    EXPECT_EQ(decompressed_however_cut(frame + frame + frame, {zstd}, two),
              (Outcome{"", too_many_members}));
    Bytes many;
    for (int count = 0; count < 10'001; ++count) many += frame;
    EXPECT_EQ(decompressed(many, {zstd}).problem, too_many_members);
}

// RFC 9659: a few bytes may not ask for more than 8 MiB of memory.
TEST(DecompressionAttacks, window_of_zstd_is_limited) {
    const auto frame_with_window = [](char descriptor) {
        return "\x28\xb5\x2f\xfd\x00"s + descriptor + "\x29\x00\x00hello"s;
    };
    EXPECT_EQ(decompressed_however_cut(frame_with_window('\x68'), {zstd}), (Outcome{"hello", {}}));
    for (const char descriptor : {'\x69', '\x70', '\xa0', '\xff'}) {
        EXPECT_EQ(decompressed_however_cut(frame_with_window(descriptor), {zstd}).problem,
                  window_too_large);
    }
    // The window of a single segment is all of its content: 4 GiB, and 2^63 bytes.
    EXPECT_EQ(
        decompressed("\x28\xb5\x2f\xfd\xa0\xff\xff\xff\xff\x29\x00\x00hello"s, {zstd}).problem,
        window_too_large);
    EXPECT_EQ(decompressed("\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x00\x00\x80\x29\x00\x00hello"s,
                           {zstd})
                  .problem,
              window_too_large);
}

// CVE-2025-0725 (curl): a header as long as the attacker likes is neither kept nor counted in few bits.
TEST(DecompressionAttacks, long_header_of_gzip_is_read_over) {
    const Bytes data = "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"s + Bytes(4 * mebibyte, 'n') +
                       "\0"s + compressed("hello", gzip).substr(10);
    EXPECT_EQ(decompressed(data, {gzip}, {}, 1000), (Outcome{"hello", {}}));
}

}  // namespace
}  // namespace weft::http
