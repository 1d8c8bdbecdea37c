// SPDX-License-Identifier: Apache-2.0
#include <weft/base/uuid.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/exceptions.hpp>

namespace weft {
namespace {

constexpr std::array<std::size_t, 5> group_sizes = {8, 4, 4, 4, 12};
constexpr std::size_t digits_count = 32;

constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The whole character that begins with this byte, where the text is UTF-8.
std::string_view character_at(std::string_view text, std::size_t at) {
    std::size_t size = 1;
    while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xc0) == 0x80)
        ++size;
    return text.substr(at, std::min<std::size_t>(size, 4));
}

std::string expected_but_found(std::size_t expected, std::size_t found) {
    return "expected " + std::to_string(expected) + ", found " + std::to_string(found);
}

// What is wrong with a text of digits and hyphens; nothing is an empty string.
std::string fault_of_groups(std::string_view text) {
    std::size_t count = 0;
    std::string fault;
    for (const auto group : std::views::split(text, '-')) {
        const auto size = static_cast<std::size_t>(group.end() - group.begin());
        if (count < group_sizes.size() && size != group_sizes[count] && fault.empty()) {
            fault = "invalid group length in group " + std::to_string(count) + ": " +
                    expected_but_found(group_sizes[count], size);
        }
        ++count;
    }
    if (count == group_sizes.size()) return fault;
    return "invalid group count: " + expected_but_found(group_sizes.size(), count);
}

std::string fault_of(std::string_view text, bool is_wrapped) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '-' || hex_value(text[i]) >= 0) continue;
        return "invalid character: found `" + std::string(character_at(text, i)) + "` at " +
               std::to_string(i + 1);
    }
    if (is_wrapped || text.contains('-')) return fault_of_groups(text);
    if (text.size() == digits_count) return "";
    return "invalid length: expected length 32 for simple format, found " +
           std::to_string(text.size());
}

// A text without a fault has 32 digits.
UUID::Bytes read_digits(std::string_view text) {
    UUID::Bytes bytes{};
    std::size_t digit = 0;
    for (const char c : text) {
        if (c == '-') continue;
        std::uint8_t& byte = bytes[digit++ / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | hex_value(c));
    }
    return bytes;
}

void mark(UUID::Bytes& bytes, unsigned version) {
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | version << 4);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
}

}  // namespace

std::expected<UUID, std::string> UUID::parse(std::string_view text) {
    constexpr std::string_view urn = "urn:uuid:";
    const bool is_urn = text.starts_with(urn);
    const bool is_braced = text.starts_with('{') && text.ends_with('}') && text.size() > 1;
    if (is_urn) text.remove_prefix(urn.size());
    if (is_braced) text = text.substr(1, text.size() - 2);
    if (std::string fault = fault_of(text, is_urn || is_braced); !fault.empty()) {
        return std::unexpected(std::move(fault));
    }
    return UUID(read_digits(text));
}

UUID::UUID(std::string_view text) {
    const auto parsed = parse(text);
    if (!parsed) throw ValueError("badly formed hexadecimal UUID string: " + parsed.error());
    *this = *parsed;
}

UUID UUID::v4(const Bytes& random) noexcept {
    Bytes bytes = random;
    mark(bytes, 4);
    return UUID(bytes);
}

UUID UUID::v7(std::chrono::sys_time<std::chrono::nanoseconds> now,
              std::span<const std::uint8_t, 8> random) noexcept {
    constexpr std::uint64_t millisecond = 1'000'000;
    const auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
    const std::uint64_t fraction = time % millisecond * 4096 / millisecond;
    const std::uint64_t stamp = time / millisecond << 16 | fraction;
    Bytes bytes{};
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<std::uint8_t>(stamp >> (56 - 8 * i));
        bytes[8 + i] = random[i];
    }
    mark(bytes, 7);
    return UUID(bytes);
}

std::string UUID::str() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(digits_count + group_sizes.size() - 1);
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[bytes_[i] >> 4];
        text += digits[bytes_[i] & 0xf];
    }
    return text;
}

}  // namespace weft
