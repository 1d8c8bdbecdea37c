// SPDX-License-Identifier: Apache-2.0
#include <weft/base/uuid.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>

namespace {

using weft::UUID;
using weft::ValueError;

constexpr std::string_view usual = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

TEST(UUID, is_read_in_each_of_its_forms_and_written_in_the_usual_one) {
    for (const std::string_view form :
         {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
          "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
          "017f22e279b07cc398c4dc0c0c07398f"}) {
        EXPECT_EQ(UUID(form).str(), usual) << form;
    }
    EXPECT_EQ(UUID().str(), "00000000-0000-0000-0000-000000000000");
}

std::string fault(std::string_view wrong) {
    const auto parsed = UUID::parse(wrong);
    return parsed ? "none" : parsed.error();
}

// What the messages of pydantic, which are those of Rust's library uuid, say.
TEST(UUID, says_what_is_wrong_with_a_text) {
    const std::vector<std::pair<std::string_view, std::string_view>> cases = {
        {"", "invalid length: expected length 32 for simple format, found 0"},
        {"x", "invalid character: found `x` at 1"},
        {"ab", "invalid length: expected length 32 for simple format, found 2"},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
         "invalid group length in group 4: expected 12, found 11"},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
         "invalid group length in group 4: expected 12, found 13"},
        {"017f22e-279b0-7cc3-98c4-dc0c0c07398f",
         "invalid group length in group 0: expected 8, found 7"},
        {"017f22e2-79b07cc3-98c4-dc0c0c07398f", "invalid group count: expected 5, found 4"},
        {"1-2-3-4-5-6", "invalid group count: expected 5, found 6"},
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "invalid character: found `g` at 36"},
        {"\xc3\xa9"
         "17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
         "invalid character: found `\xc3\xa9` at 1"},
        {"{017f22e279b07cc398c4dc0c0c07398f}", "invalid group count: expected 5, found 1"},
        {"{017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "invalid character: found `{` at 1"},
        {"{", "invalid character: found `{` at 1"},
    };
    for (const auto& [wrong, why] : cases) EXPECT_EQ(fault(wrong), why) << wrong;
}

TEST(UUID, refuses_every_text_that_is_cut) {
    for (std::size_t size = 0; size < usual.size(); ++size) {
        EXPECT_FALSE(UUID::parse(usual.substr(0, size))) << size;
    }
    EXPECT_THROW(UUID("nonsense"), ValueError);
}

TEST(UUID, of_random_bytes_keeps_all_bits_but_six) {
    UUID::Bytes bytes;
    bytes.fill(0xff);
    EXPECT_EQ(UUID::v4(bytes).str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    bytes.fill(0);
    EXPECT_EQ(UUID::v4(bytes).str(), "00000000-0000-4000-8000-000000000000");
    EXPECT_EQ(UUID::v4(bytes).version(), 4);
}

// RFC 9562, Appendix A.6, where rand_a is random and here the time's 3260/4096 of a millisecond.
TEST(UUID, of_a_time_has_the_rfcs_layout) {
    using std::chrono::nanoseconds;
    constexpr std::chrono::sys_time<nanoseconds> now(nanoseconds(1'645'557'742'000'796'000));
    const std::vector<std::uint8_t> random = {0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
    const UUID id = UUID::v7(now, std::span<const std::uint8_t, 8>(random.data(), 8));
    EXPECT_EQ(id.str(), "017f22e2-79b0-7cbc-98c4-dc0c0c07398f");
    EXPECT_EQ(id.version(), 7);
}

TEST(UUID, of_later_times_are_greater) {
    using std::chrono::nanoseconds;
    const std::vector<std::uint8_t> random(8, 0xff);
    UUID last;
    for (std::int64_t ns = 1; ns < 2'000'000; ns += 245) {
        const UUID next = UUID::v7(std::chrono::sys_time<nanoseconds>(nanoseconds(ns)),
                                   std::span<const std::uint8_t, 8>(random.data(), 8));
        ASSERT_GT(next, last) << ns;
        last = next;
    }
}

TEST(UUID, is_a_key) {
    std::unordered_set<UUID> ids;
    for (std::uint8_t i = 0; i < 100; ++i) ids.insert(UUID(UUID::Bytes{0, i}));
    EXPECT_EQ(ids.size(), 100U);
    EXPECT_EQ(std::hash<UUID>()(UUID(usual)), std::hash<UUID>()(UUID(usual)));
}

// The example of the header.
TEST(UUID, is_made_from_its_text) {
    const weft::UUID id("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    const std::string text = id.str();
    EXPECT_EQ(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

}  // namespace
