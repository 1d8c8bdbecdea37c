// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/output.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/json/internal/shortest.hpp>
#include <weft/json/internal/utf8.hpp>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weft::json::internal {

void Output::grow(std::size_t bytes) {
    // The string fills what it grows by with zeros; doubling keeps that a small part of the work.
    constexpr std::size_t step_min = 256;
    const std::size_t written = size();
    out_.resize(written + std::max({bytes, written - begin_, step_min}));
    point_to(written);
}

// ---- strings

namespace {

constexpr bool needs_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

constexpr std::uint64_t each_byte(std::uint64_t byte) { return byte * 0x0101'0101'0101'0101; }

// Of eight bytes: whether each is ASCII and stands for itself. What is subtracted from carries into
// the high bit of a byte that is smaller, and bytes with a high bit of their own are none of these.
bool is_plain(std::uint64_t bytes) {
    const std::uint64_t quote = bytes ^ each_byte('"');
    const std::uint64_t backslash = bytes ^ each_byte('\\');
    const std::uint64_t found =
        (bytes - each_byte(0x20)) | (quote - each_byte(1)) | (backslash - each_byte(1)) | bytes;
    return (found & each_byte(0x80)) == 0;
}

template <class Word>
std::uint64_t load(const char* at) {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// Copies `size` bytes that two words cover, which may overlap, where all of them are plain.
template <class Word>
bool copy_plain(char* to, const char* from, std::size_t size) {
    const std::size_t last = size - sizeof(Word);
    constexpr std::uint64_t filling = each_byte('x') << (8 * sizeof(Word) % 64);
    const std::uint64_t pad = sizeof(Word) < 8 ? filling : 0;
    if (!is_plain(load<Word>(from) | pad) || !is_plain(load<Word>(from + last) | pad)) return false;
    std::memcpy(to, from, sizeof(Word));
    std::memcpy(to + last, from + last, sizeof(Word));
    return true;
}

#ifdef __SSE2__
constexpr std::size_t block = sizeof(__m128i);
// The same of blocks; a block at the end overlaps the one before it.
bool copy_plain_blocks(char* to, const char* from, std::size_t size) {
    const auto copy = [&](std::size_t at) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), bytes);
        // As signed numbers, bytes over 0x7f are below the space.
        const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
        const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        return _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash))) == 0;
    };
    for (std::size_t at = 0; at + block <= size; at += block) {
        if (!copy(at)) return false;
    }
    return copy(size - block);
}
#else
constexpr std::size_t block = sizeof(std::uint64_t) * 2;
bool copy_plain_blocks(char* to, const char* from, std::size_t size) {
    for (std::size_t at = 0; at + block <= size; at += block) {
        if (!copy_plain<std::uint64_t>(to + at, from + at, block)) return false;
    }
    return copy_plain<std::uint64_t>(to + size - block, from + size - block, block);
}
#endif

bool copy_if_plain(char* to, std::string_view text) {
    const std::size_t size = text.size();
    if (size >= block) return copy_plain_blocks(to, text.data(), size);
    if (size >= 8) return copy_plain<std::uint64_t>(to, text.data(), size);
    if (size >= 4) return copy_plain<std::uint32_t>(to, text.data(), size);
    for (std::size_t i = 0; i < size; ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (needs_escape(c) || c >= 0x80) return false;
        to[i] = text[i];
    }
    return true;
}

}  // namespace

void Output::put_string(std::string_view text) {
    char* const to = room(text.size() + 2);
    *to = '"';
    if (copy_if_plain(to + 1, text)) [[likely]] {
        to[text.size() + 1] = '"';
        at_ = to + text.size() + 2;
        return;
    }
    put_escaped(text);
}

namespace {

// How many bytes at the front of [at, end) need no escape. They may be of any character.
std::size_t unescaped_prefix(const char* const begin, const char* const end) {
    const char* at = begin;
#ifdef __SSE2__
    for (; end - at >= static_cast<std::ptrdiff_t>(block); at += block) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        const auto found = static_cast<std::uint32_t>(
            _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
        if (found != 0) return static_cast<std::size_t>(at - begin) + std::countr_zero(found);
    }
#endif
    while (at != end && !needs_escape(static_cast<unsigned char>(*at))) ++at;
    return static_cast<std::size_t>(at - begin);
}

}  // namespace

void Output::put_escaped(std::string_view text) {
    if (!is_utf8(text)) {
        throw ValueError("a string of " + std::to_string(text.size()) +
                         " bytes is no UTF-8, which JSON is: byte " +
                         std::to_string(utf8_prefix(text)) + " is at fault");
    }
    put('"');
    const char* at = text.data();
    const char* const end = at + text.size();
    for (;;) {
        const std::size_t plain = unescaped_prefix(at, end);
        put_text({at, plain});
        at += plain;
        if (at == end) break;
        put_escape(*at++);
    }
    put('"');
}

void Output::put_escape(char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    constexpr std::string_view named = "\"\\\b\f\n\r\t";
    constexpr std::string_view names = "\"\\bfnrt";
    char* const to = room(6);
    to[0] = '\\';
    if (const std::size_t which = named.find(c); which != named.npos) {
        to[1] = names[which];
        at_ = to + 2;
        return;
    }
    std::memcpy(to + 1, "u00", 3);
    to[4] = hex[static_cast<unsigned char>(c) >> 4];
    to[5] = hex[static_cast<unsigned char>(c) & 0xf];
    at_ = to + 6;
}

// ---- numbers

namespace {

constexpr std::array<char, 200> make_pairs() {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
        pairs[2 * i] = static_cast<char>('0' + i / 10);
        pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
}
constexpr std::array<char, 200> digit_pairs = make_pairs();

constexpr std::array<std::uint64_t, 20> make_powers() {
    std::array<std::uint64_t, 20> powers{};
    std::uint64_t power = 1;
    for (std::uint64_t& each : powers) {
        each = power;
        power *= 10;
    }
    return powers;
}
constexpr std::array<std::uint64_t, 20> powers_of_ten = make_powers();

std::size_t count_digits(std::uint64_t value) {
    // 1233 / 4096 is about log10(2).
    const auto estimate = static_cast<std::size_t>(std::bit_width(value | 1) * 1233) >> 12;
    return estimate + (value >= powers_of_ten[estimate] ? 1 : 0);
}

void write_pair(char* to, std::uint32_t value) {
    std::memcpy(to, digit_pairs.data() + 2 * static_cast<std::size_t>(value), 2);
}

// Divisions that do not wait for each other.
void write_eight_digits(char* to, std::uint32_t value) {
    const std::uint32_t high = value / 10'000;
    const std::uint32_t low = value % 10'000;
    write_pair(to, high / 100);
    write_pair(to + 2, high % 100);
    write_pair(to + 4, low / 100);
    write_pair(to + 6, low % 100);
}

// Writes the digits of `value` so that they end before `end`, and zeros before them down to `begin`.
void write_digits(char* begin, char* end, std::uint64_t value) {
    constexpr std::uint64_t ten_to_eight = 100'000'000;
    for (; end - begin >= 8; value /= ten_to_eight) {
        end -= 8;
        write_eight_digits(end, static_cast<std::uint32_t>(value % ten_to_eight));
    }
    auto rest = static_cast<std::uint32_t>(value);
    for (; end - begin >= 2; rest /= 100) {
        end -= 2;
        write_pair(end, rest % 100);
    }
    if (end != begin) *begin = static_cast<char>('0' + rest % 10);
}

constexpr std::size_t integer_digits_max = 20;
constexpr std::size_t double_bytes_max = 32;

}  // namespace

void Output::put_digits(std::uint64_t value) {
    char* const to = room(integer_digits_max);
    const std::size_t digits = std::max<std::size_t>(count_digits(value), 1);
    write_digits(to, to + digits, value);
    at_ = to + digits;
}

namespace {

// Most numbers that people write have up to six decimals and 15 digits. Of such numbers no two are the
// same double, so that one which gives the same double is the shortest there is. Division of integers
// below 2^53 is exact to the last bit.
// Returns: the millionths; 0 where it is no such number.
std::uint64_t to_millionths(double magnitude) {
    constexpr double million = 1e6;
    if (!(magnitude >= 1e-4 && magnitude < 1e9)) return 0;
    const auto millionths = static_cast<std::uint64_t>(magnitude * million + 0.5);
    return static_cast<double>(millionths) / million == magnitude ? millionths : 0;
}

}  // namespace

void Output::put_double(double value) {
    if (!std::isfinite(value)) {
        throw ValueError("Out of range float values are not JSON compliant: " +
                         std::string(std::isnan(value) ? "nan"
                                     : value > 0       ? "inf"
                                                       : "-inf"));
    }
    if (std::signbit(value)) put('-');
    const double magnitude = std::fabs(value);
    if (magnitude == 0) return put_text("0.0");
    if (const std::uint64_t millionths = to_millionths(magnitude)) {
        put_digits(millionths / 1'000'000);
        char* const to = room(7);
        *to = '.';
        write_digits(to + 1, to + 7, millionths % 1'000'000);
        at_ = to + 7;
        while (at_[-1] == '0' && at_[-2] != '.') --at_;
        return;
    }
    put_decimal(to_shortest(magnitude));
}

void Output::put_float(float value) {
    if (!std::isfinite(value)) return put_double(static_cast<double>(value));
    if (std::signbit(value)) put('-');
    if (value == 0) return put_text("0.0");
    put_decimal(to_shortest(std::fabs(value)));
}

namespace {

// Writes 17 digits, of which the first `count` are those of `value`, and zeros are behind them. How many
// there are is hard to foresee, so nothing branches on it.
constexpr std::size_t double_digits_max = 17;
void write_seventeen_digits(char* to, std::uint64_t value, std::size_t count) {
    constexpr std::uint64_t ten_to_eight = 100'000'000;
    const std::uint64_t scaled = value * powers_of_ten[double_digits_max - count];
    const std::uint64_t high = scaled / ten_to_eight;
    *to = static_cast<char>('0' + high / ten_to_eight);
    write_eight_digits(to + 1, static_cast<std::uint32_t>(high % ten_to_eight));
    write_eight_digits(to + 9, static_cast<std::uint32_t>(scaled % ten_to_eight));
}

}  // namespace

// As repr(): without an exponent from 1e-4 to below 1e16.
void Output::put_decimal(Decimal decimal) {
    while (decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        ++decimal.exponent;
    }
    const std::size_t count = count_digits(decimal.digits);
    const int point = static_cast<int>(count) + decimal.exponent;
    char* const to = room(double_bytes_max);
    if (point <= -4 || point > 16) {
        write_seventeen_digits(to + 1, decimal.digits, count);
        to[0] = to[1];
        to[1] = '.';
        at_ = to + (count == 1 ? 1 : count + 1);
        return put_exponent(point - 1);
    }
    if (point <= 0) {
        std::memcpy(to, "0.000", 5);
        write_seventeen_digits(to + 2 - point, decimal.digits, count);
        at_ = to + 2 - point + count;
        return;
    }
    write_seventeen_digits(to, decimal.digits, count);
    const auto before_point = static_cast<std::size_t>(point);
    if (decimal.exponent >= 0) {  // the zeros are there
        std::memcpy(to + before_point, ".0", 2);
        at_ = to + before_point + 2;
    } else {
        std::memmove(to + before_point + 1, to + before_point, double_digits_max - before_point);
        to[before_point] = '.';
        at_ = to + count + 1;
    }
}

// Two digits at least.
void Output::put_exponent(int exponent) {
    put('e');
    put(exponent < 0 ? '-' : '+');
    const auto magnitude = static_cast<std::uint64_t>(exponent < 0 ? -exponent : exponent);
    if (magnitude < 10) put('0');
    put_digits(magnitude);
}

std::string double_text(double value) {
    std::string text;
    Output out(text);
    out.put_double(value);
    out.finish();
    return text;
}

}  // namespace weft::json::internal
