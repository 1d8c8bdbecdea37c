// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/shortest.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace weft::json::internal {
namespace {

// ---- powers of ten, to 128 bits, rounded up: what is below them is told apart by one bit

struct Power {
    std::uint64_t high;
    std::uint64_t low;
};
constexpr int power_min = -292;
constexpr int power_max = 324;

// An integer of up to 1216 bits.
class Big {
public:
    constexpr explicit Big(std::size_t bit) { words_[bit / 32] = std::uint32_t{1} << bit % 32; }

    constexpr void multiply_by_ten() {
        std::uint64_t carry = 0;
        for (std::uint32_t& word : words_) {
            carry += std::uint64_t{word} * 10;
            word = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
    }
    constexpr void divide_by_ten() {
        std::uint64_t rest = 0;
        for (std::size_t i = words_.size(); i-- > 0;) {
            rest = rest << 32 | words_[i];
            words_[i] = static_cast<std::uint32_t>(rest / 10);
            rest %= 10;
        }
    }
    // The 128 bits from the highest that is set; one more where `is_cut` or where others are below.
    [[nodiscard]] constexpr Power leading(bool is_cut) const {
        std::size_t top = words_.size();
        while (words_[top - 1] == 0) --top;
        const auto shift = static_cast<unsigned>(std::countl_zero(words_[top - 1]));
        const auto word = [&](std::size_t back) -> std::uint64_t {
            const std::uint64_t high = back < top ? words_[top - 1 - back] : 0;
            const std::uint64_t low = back + 1 < top ? words_[top - 2 - back] : 0;
            return (high << 32 | low) << shift >> 32 & 0xffff'ffff;
        };
        Power power{word(0) << 32 | word(1), word(2) << 32 | word(3)};
        if (top > 4) is_cut |= words_[top - 5] << shift != 0;
        for (std::size_t i = 0; i + 5 < top; ++i) is_cut |= words_[i] != 0;
        if (is_cut && ++power.low == 0) ++power.high;
        return power;
    }

private:
    std::array<std::uint32_t, 38> words_{};
};

consteval std::array<Power, power_max - power_min + 1> make_powers() {
    std::array<Power, power_max - power_min + 1> powers{};
    Big rising(0);
    for (int k = 0; k <= power_max; ++k) {
        powers[static_cast<std::size_t>(k - power_min)] = rising.leading(false);
        rising.multiply_by_ten();
    }
    Big falling(1215);
    for (int k = -1; k >= power_min; --k) {
        falling.divide_by_ten();
        powers[static_cast<std::size_t>(k - power_min)] = falling.leading(true);
    }
    return powers;
}
constexpr auto powers = make_powers();

constexpr int floor_log2_of_power(int k) { return (k * 1741647) >> 19; }

// The product's bits from 128 on; its lowest bit also tells whether there is anything below.
std::uint64_t multiply_to_odd(const Power& g, std::uint64_t cp) {
    __extension__ using Wide = unsigned __int128;
    const Wide low = static_cast<Wide>(g.low) * cp;
    const Wide high = static_cast<Wide>(g.high) * cp + static_cast<std::uint64_t>(low >> 64);
    return static_cast<std::uint64_t>(high >> 64) | (static_cast<std::uint64_t>(high) > 1 ? 1 : 0);
}

// A number c * 2^q. Of a power of two, the number below is half as far away as the one above.
struct Binary {
    std::uint64_t c;
    int q;
    bool is_closer_below;
};

Decimal to_decimal(const Binary& value) {
    const auto [c, q, is_closer_below] = value;
    // All decimals between the middles to the numbers below and above are read as this one; those in
    // the middle are where its last bit is 0.
    const bool is_even = c % 2 == 0;
    const int k = (q * 1262611 - (is_closer_below ? 524031 : 0)) >> 22;
    const int h = q + floor_log2_of_power(-k) + 1;
    const Power& g = powers[static_cast<std::size_t>(-k - power_min)];
    const std::uint64_t lower =
        multiply_to_odd(g, (4 * c - (is_closer_below ? 1 : 2)) << h) + (is_even ? 0 : 1);
    const std::uint64_t middle = multiply_to_odd(g, 4 * c << h);
    const std::uint64_t upper = multiply_to_odd(g, (4 * c + 2) << h) - (is_even ? 0 : 1);

    // In quarters: of the two neighbours with a digit less, then of those with all digits, the one that
    // lies between; where both do, the nearer.
    const std::uint64_t s = middle / 4;
    if (s >= 10) {
        const std::uint64_t tens = s / 10;
        const bool is_below_inside = lower <= 40 * tens;
        const bool is_above_inside = 40 * tens + 40 <= upper;
        if (is_below_inside != is_above_inside) return {tens + (is_above_inside ? 1 : 0), k + 1};
    }
    const bool is_below_inside = lower <= 4 * s;
    const bool is_above_inside = 4 * s + 4 <= upper;
    if (is_below_inside != is_above_inside) return {s + (is_above_inside ? 1 : 0), k};
    const std::uint64_t half = 4 * s + 2;
    const bool is_up = middle > half || (middle == half && s % 2 != 0);
    return {s + (is_up ? 1 : 0), k};
}

// The same with one product instead of three: the middle is compared to the neighbours with a digit
// less in units of 2^-60 of the last digit, which cuts bits off.
// Returns: no digits where those bits might count.
inline Decimal to_decimal_fast(std::uint64_t c, int q) {
    __extension__ using Wide = unsigned __int128;
    constexpr std::uint64_t ten = std::uint64_t{10} << 60;
    constexpr std::uint64_t half = std::uint64_t{1} << 59;
    constexpr std::uint64_t slack = 8;
    const int k = (q * 1262611) >> 22;
    const int h = q + floor_log2_of_power(-k) + 1;  // from 1 to 4
    const Power& g = powers[static_cast<std::size_t>(-k - power_min)];
    const std::uint64_t cp = 4 * c << h;
    const Wide product = static_cast<Wide>(g.high) * cp +
                         static_cast<std::uint64_t>(static_cast<Wide>(g.low) * cp >> 64);
    const auto middle = static_cast<std::uint64_t>(product >> 64);
    const std::uint64_t s = middle / 4;
    const std::uint64_t fraction =
        (middle << 58 | static_cast<std::uint64_t>(product) >> 6) & (2 * half - 1);
    const std::uint64_t digit = s % 10;
    const std::uint64_t from_tens = digit << 60 | fraction;
    const std::uint64_t reach = g.high >> (5 - h);  // to the middle of two doubles: from 0.5 to 5
    if (from_tens - reach + slack <= 2 * slack || from_tens + reach - ten + slack <= 2 * slack ||
        fraction - half + slack <= 2 * slack) {
        return {0, 0};
    }
    const bool is_below_inside = from_tens < reach;
    const bool is_above_inside = from_tens + reach > ten;
    const std::uint64_t shorter = s - digit + (is_above_inside ? 10 : 0);
    const std::uint64_t nearest = s + (fraction > half ? 1 : 0);
    return {is_below_inside || is_above_inside ? shorter : nearest, k};
}

// Takes a floating-point number of the format apart.
template <int MantissaBits, int Bias, class Bits>
Binary take_apart(Bits bits) {
    const std::uint64_t fraction = bits & ((Bits{1} << MantissaBits) - 1);
    const auto exponent = static_cast<int>(bits >> MantissaBits);
    if (exponent == 0) return {fraction, 1 - Bias, false};
    return {fraction | std::uint64_t{1} << MantissaBits, exponent - Bias,
            fraction == 0 && exponent > 1};
}

}  // namespace

Decimal to_shortest(double value) noexcept {
    const Binary binary = take_apart<52, 1075>(std::bit_cast<std::uint64_t>(value));
    if (!binary.is_closer_below) [[likely]] {
        const Decimal decimal = to_decimal_fast(binary.c, binary.q);
        if (decimal.digits != 0) [[likely]]
            return decimal;
    }
    return to_decimal(binary);
}

Decimal to_shortest(float value) noexcept {
    return to_decimal(take_apart<23, 150>(std::bit_cast<std::uint32_t>(value)));
}

}  // namespace weft::json::internal
