// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/websocket/utf8_validator.hpp>

#include <cstdint>
#include <cstring>

#include <weft/base/bytes.hpp>

namespace weft::http::wire::internal {
namespace {

// Moves `at` over ASCII, eight bytes at once.
const char* skip_ascii(const char* at, const char* end) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    while (end - at >= 8) {
        std::uint64_t block = 0;
        std::memcpy(&block, at, sizeof block);
        if ((block & high_bits) != 0) break;
        at += sizeof block;
    }
    while (at != end && static_cast<std::uint8_t>(*at) < 0x80) ++at;
    return at;
}

}  // namespace

bool Utf8Validator::feed(BytesView bytes) noexcept {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
        if (needed_ == 0) {
            at = skip_ascii(at, end);
            if (at == end) return true;
            if (!begin_character(static_cast<std::uint8_t>(*at++))) return false;
            continue;
        }
        const auto byte = static_cast<std::uint8_t>(*at++);
        if (byte < least_ || byte > most_) return false;
        least_ = 0x80;
        most_ = 0xbf;
        --needed_;
    }
    return true;
}

bool Utf8Validator::begin_character(std::uint8_t byte) noexcept {
    if (byte < 0xc2 || byte > 0xf4) return false;
    needed_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte == 0xe0) least_ = 0xa0;  // below are overlong forms
    if (byte == 0xed) most_ = 0x9f;   // above are surrogates
    if (byte == 0xf0) least_ = 0x90;
    if (byte == 0xf4) most_ = 0x8f;  // above is no character
    return true;
}

}  // namespace weft::http::wire::internal
