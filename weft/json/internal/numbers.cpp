// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/numbers.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace weft::json::internal {
namespace {

constexpr std::string_view digits = "0123456789";

// Python strips what Unicode calls white space; of that, this is ASCII's.
std::string_view stripped(std::string_view text) {
    constexpr std::string_view space = " \t\n\v\f\r\x1c\x1d\x1e\x1f";
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// An underscore stands between digits, and nowhere else.
std::optional<std::string> without_underscores(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '_') {
            plain += text[i];
        } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) ||
                   !is_digit(text[i + 1])) {
            return std::nullopt;
        }
    }
    return plain;
}

// Of a number that is out of the range of doubles: whether it is above or below. The digits before
// the point and the exponent tell.
bool is_huge(std::string_view number) {
    if (number.starts_with('-')) number.remove_prefix(1);
    const std::size_t e = std::min(number.find_first_of("eE"), number.size());
    long long exponent = 0;
    if (e < number.size()) {
        std::string_view text = number.substr(e + 1);
        if (text.starts_with('+')) text.remove_prefix(1);
        const auto end = std::from_chars(text.data(), text.data() + text.size(), exponent);
        if (end.ec != std::errc()) return !text.starts_with('-');
    }
    const std::string_view mantissa = number.substr(0, e);
    const std::size_t first = mantissa.find_first_not_of("0.");
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    if (first == mantissa.npos) return false;
    const auto before_point = static_cast<long long>(point) - static_cast<long long>(first);
    return exponent > -before_point;
}

}  // namespace

double decimal_to_double(std::string_view number) {
    double value = 0;
    const auto end = std::from_chars(number.data(), number.data() + number.size(), value);
    if (end.ec != std::errc::result_out_of_range) return value;
    const double magnitude = is_huge(number) ? std::numeric_limits<double>::infinity() : 0;
    return number.starts_with('-') ? -magnitude : magnitude;
}

std::optional<Integer> text_to_integer(std::string_view text, bool& is_too_big) {
    std::optional<std::string> plain = without_underscores(stripped(text));
    if (!plain) return std::nullopt;
    std::string_view rest = *plain;
    Integer integer{.is_negative = rest.starts_with('-')};
    if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
    const std::size_t size = std::min(rest.find_first_not_of(digits), rest.size());
    if (size == 0) return std::nullopt;
    if (size < rest.size()) {
        const std::string_view fraction = rest.substr(size);
        if (fraction.size() < 2 || fraction.front() != '.' ||
            fraction.find_first_not_of('0', 1) != fraction.npos) {
            return std::nullopt;
        }
    }
    is_too_big =
        std::from_chars(rest.data(), rest.data() + size, integer.magnitude).ec != std::errc();
    return integer;
}

std::optional<double> text_to_double(std::string_view text) {
    const std::optional<std::string> plain = without_underscores(stripped(text));
    if (!plain) return std::nullopt;
    std::string_view rest = *plain;
    if (rest.starts_with('+')) {
        rest.remove_prefix(1);
        if (rest.starts_with('-')) return std::nullopt;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error == std::errc::invalid_argument || end != rest.data() + rest.size()) {
        return std::nullopt;
    }
    if (error == std::errc::result_out_of_range) return decimal_to_double(rest);
    return value;
}

}  // namespace weft::json::internal
