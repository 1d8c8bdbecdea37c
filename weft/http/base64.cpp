// SPDX-License-Identifier: Apache-2.0
#include <weft/http/base64.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>

namespace weft::http {
namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_letter = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_letter);
    for (std::size_t i = 0; i < letters.size(); ++i) {
        values[static_cast<unsigned char>(letters[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}
constexpr std::array<std::uint8_t, 256> values = make_values();

}  // namespace

std::string b64encode(BytesView data) {
    std::string text;
    text.reserve((data.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    unsigned count = 0;  // of bits that were not written
    for (const char byte : data) {
        bits = bits << 8U | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) text += letters[bits >> (count - 6) & 63U];
    }
    if (count > 0) text += letters[bits << (6 - count) & 63U];
    while (text.size() % 4 != 0) text += '=';
    return text;
}

std::optional<Bytes> b64decode(BytesView text) {
    const std::size_t end = text.ends_with("==")  ? text.size() - 2
                            : text.ends_with('=') ? text.size() - 1
                                                  : text.size();
    Bytes data;
    data.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char letter : text.substr(0, end)) {
        const std::uint8_t value = values[static_cast<unsigned char>(letter)];
        if (value == no_letter) return std::nullopt;
        bits = bits << 6U | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        data += static_cast<char>(bits >> count & 255U);
    }
    const bool has_rest = (bits & ((1U << count) - 1)) != 0;
    if (text.size() % 4 != 0 || has_rest || count == 6) return std::nullopt;
    return data;
}

}  // namespace weft::http
