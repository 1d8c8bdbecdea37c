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
    constexpr std::size_t step_min = 256;
    const std::size_t written = size();
    const std::size_t size = written + std::max({bytes, written - begin_, step_min});
    // What it grows by is filled when it is written, and not with zeros before.
    out_.resize_and_overwrite(size, [](const char*, std::size_t all) { return all; });
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
// -0.000 and 17 digits, or a point, an exponent and what is copied beyond them.
constexpr std::size_t double_bytes_max = 40;

}  // namespace

void Output::put_digits(std::uint64_t value) {
    char* const to = room(integer_digits_max);
    const std::size_t digits = std::max<std::size_t>(count_digits(value), 1);
    write_digits(to, to + digits, value);
    at_ = to + digits;
}

namespace {

// Two numbers below 10^8 become sixteen digits, all of them split at once: into four numbers of
// four digits, eight of two, sixteen of one.
// Returns: how many there are without the zeros at the end.
#ifdef __SSE2__
int write_sixteen_digits(char* to, std::uint32_t high, std::uint32_t low) {
    const __m128i eights = _mm_set_epi64x(low, high);
    const __m128i high_fours =
        _mm_srli_epi64(_mm_mul_epu32(eights, _mm_set1_epi64x(0xd1b7'1759)), 45);
    const __m128i low_fours =
        _mm_sub_epi64(eights, _mm_mul_epu32(high_fours, _mm_set1_epi64x(10'000)));
    const __m128i fours = _mm_or_si128(high_fours, _mm_slli_epi64(low_fours, 32));
    const __m128i high_twos = _mm_srli_epi16(_mm_mulhi_epu16(fours, _mm_set1_epi16(5243)), 3);
    const __m128i low_twos = _mm_sub_epi16(fours, _mm_mullo_epi16(high_twos, _mm_set1_epi16(100)));
    const __m128i twos = _mm_or_si128(high_twos, _mm_slli_epi32(low_twos, 16));
    const __m128i tens = _mm_mulhi_epu16(twos, _mm_set1_epi16(6554));
    const __m128i ones = _mm_sub_epi16(twos, _mm_mullo_epi16(tens, _mm_set1_epi16(10)));
    const __m128i digits = _mm_or_si128(tens, _mm_slli_epi16(ones, 8));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_or_si128(digits, _mm_set1_epi8('0')));
    const int zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(digits, _mm_setzero_si128()));
    return std::bit_width(static_cast<std::uint32_t>(zeros ^ 0xffff));
}
#else
int write_sixteen_digits(char* to, std::uint32_t high, std::uint32_t low) {
    write_eight_digits(to, high);
    write_eight_digits(to + 8, low);
    int count = 16;
    while (count > 0 && to[count - 1] == '0') --count;
    return count;
}
#endif

// Of 16 or 17 digits.
struct WrittenDigits {
    int count;        ///< how many there are
    int significant;  ///< and without the zeros at the end
};

// Writes sixteen digits, or seventeen, and a zero as the seventeenth. Which it is, is hard to
// foresee, so nothing branches on it.
WrittenDigits write_digits_of_double(char* to, std::uint64_t digits) {
    constexpr std::uint32_t ten_to_eight = 100'000'000;
    const auto upper = static_cast<std::uint32_t>(digits / ten_to_eight);
    const auto low = static_cast<std::uint32_t>(digits - std::uint64_t{upper} * ten_to_eight);
    const std::uint32_t first = upper / ten_to_eight;
    const int is_longer = first != 0 ? 1 : 0;
    to[0] = static_cast<char>('0' + first);
    to[16] = '0';
    const int behind = write_sixteen_digits(to + is_longer, upper - first * ten_to_eight, low);
    return {16 + is_longer, behind + is_longer};
}

// Two digits at least.
char* write_exponent(char* to, int exponent) {
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    const auto magnitude = static_cast<std::uint32_t>(exponent < 0 ? -exponent : exponent);
    if (magnitude >= 100) *to++ = static_cast<char>('0' + magnitude / 100);
    write_pair(to, magnitude % 100);
    return to + 2;
}

// Makes room for a point before the digit `at`, of 17.
void insert_point(char* digits, int at) {
    std::array<char, 16> behind;
    std::memcpy(behind.data(), digits + at, behind.size());
    std::memcpy(digits + at + 1, behind.data(), behind.size());
    digits[at] = '.';
}

// As repr(): without an exponent from 1e-4 to below 1e16.
// Returns: the end.
char* write_decimal(char* to, Decimal decimal) {
    if (decimal.digits < powers_of_ten[15]) [[unlikely]] {
        const auto missing = static_cast<int>(16 - count_digits(decimal.digits));
        decimal = {decimal.digits * powers_of_ten[static_cast<std::size_t>(missing)],
                   decimal.exponent - missing};
    }
    // Where the point is behind the digits, they cannot be known to begin before they are written.
    const int first = decimal.digits >= powers_of_ten[16] ? 17 : 16;
    const int point = first + decimal.exponent;
    if (point > -4 && point <= 0) {
        std::memcpy(to, "0.000000", 8);
        to += 2 - point;
        return to + write_digits_of_double(to, decimal.digits).significant;
    }
    const WrittenDigits written = write_digits_of_double(to, decimal.digits);
    if (point > 0 && point <= 16) {
        insert_point(to, point);
        return to + std::max(written.significant, point + 1) + 1;
    }
    insert_point(to, 1);
    return write_exponent(to + (written.significant == 1 ? 1 : written.significant + 1), point - 1);
}

// Most numbers that people write have up to six decimals and 15 digits. Of such numbers no two are the
// same double, so that one which gives the same double is the shortest there is. Division of integers
// below 2^53 is exact to the last bit.
// Returns: the millionths; 0 where it is no such number.
std::uint64_t to_millionths(double magnitude) {
    constexpr double million = 1e6;
    if (!(magnitude >= 1e-4 && magnitude < 1e9)) return 0;
    // Below 2^50, and so a signed number does, which the processor converts at once.
    const auto millionths = static_cast<std::int64_t>(magnitude * million + 0.5);
    const bool is_exact = static_cast<double>(millionths) / million == magnitude;
    return is_exact ? static_cast<std::uint64_t>(millionths) : 0;
}

// Apart, so that its strings cost what writes numbers nothing.
[[noreturn, gnu::noinline, gnu::cold]] void refuse_number(double value) {
    throw ValueError("Out of range float values are not JSON compliant: " +
                     std::string(std::isnan(value) ? "nan"
                                 : value > 0       ? "inf"
                                                   : "-inf"));
}

}  // namespace

void Output::put_double(double value) {
    if (!std::isfinite(value)) [[unlikely]]
        refuse_number(value);
    char* const to = begin_number(std::signbit(value));
    const double magnitude = std::fabs(value);
    if (magnitude == 0) return put_text("0.0");
    if (const std::uint64_t millionths = to_millionths(magnitude))
        return put_millionths(millionths);
    at_ = write_decimal(to, to_shortest(magnitude));
}

void Output::put_millionths(std::uint64_t millionths) {
    put_digits(millionths / 1'000'000);
    char* const to = room(7);
    *to = '.';
    write_digits(to + 1, to + 7, millionths % 1'000'000);
    at_ = to + 7;
    while (at_[-1] == '0' && at_[-2] != '.') --at_;
}

void Output::put_float(float value) {
    if (!std::isfinite(value)) [[unlikely]]
        refuse_number(static_cast<double>(value));
    char* const to = begin_number(std::signbit(value));
    if (value == 0) return put_text("0.0");
    at_ = write_decimal(to, to_shortest(std::fabs(value)));
}

// The sign, without a branch on it; then room for the rest.
char* Output::begin_number(bool is_negative) {
    char* const to = room(double_bytes_max);
    *to = '-';
    at_ = to + (is_negative ? 1 : 0);
    return at_;
}

std::string double_text(double value) {
    std::string text;
    Output out(text);
    out.put_double(value);
    out.finish();
    return text;
}

}  // namespace weft::json::internal
