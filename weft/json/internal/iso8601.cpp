// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/iso8601.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace weft::json::internal {
namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t fraction_digits_max = 9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Wide floor_divide(Wide value, Wide by) {
    const Wide quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
}

bool fits(Wide value) {
    return value >= std::numeric_limits<std::int64_t>::min() &&
           value <= std::numeric_limits<std::int64_t>::max();
}

// ---- what the parsers share

// Walks a text. Each take_…() leaves what it does not take.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool is_at_end() const { return rest_.empty(); }
    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    bool take_any(std::string_view characters) {
        if (rest_.empty() || !characters.contains(rest_.front())) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // Exactly so many digits.
    std::optional<int> take_number(std::size_t digits) {
        if (rest_.size() < digits) return std::nullopt;
        int number = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (!is_digit(rest_[i])) return std::nullopt;
            number = 10 * number + (rest_[i] - '0');
        }
        rest_.remove_prefix(digits);
        return number;
    }
    // Billionths; digits beyond those are passed over. nullopt where there is none.
    std::optional<std::int32_t> take_fraction() {
        std::int32_t billionths = 0;
        std::size_t count = 0;
        for (; count < rest_.size() && is_digit(rest_[count]); ++count) {
            if (count < fraction_digits_max) billionths = 10 * billionths + (rest_[count] - '0');
        }
        if (count == 0) return std::nullopt;
        for (std::size_t i = count; i < fraction_digits_max; ++i) billionths *= 10;
        rest_.remove_prefix(count);
        return billionths;
    }
    char take_character() {
        const char c = rest_.empty() ? '\0' : rest_.front();
        if (!rest_.empty()) rest_.remove_prefix(1);
        return c;
    }

private:
    std::string_view rest_;
};

// ---- dates and times

constexpr std::size_t date_bytes = 10;

std::expected<std::int64_t, TimeFault> take_date(Scanner& in) {
    const auto year = in.take_number(4);
    if (!year) return std::unexpected("invalid character in year");
    if (!in.take("-")) return std::unexpected("invalid date separator, expected `-`");
    const auto month = in.take_number(2);
    if (!month) return std::unexpected("invalid character in month");
    if (!in.take("-")) return std::unexpected("invalid date separator, expected `-`");
    const auto day = in.take_number(2);
    if (!day) return std::unexpected("invalid character in day");
    if (*year == 0) return std::unexpected("year 0 is out of range");
    if (*month < 1 || *month > 12) {
        return std::unexpected("month value is outside expected range of 1-12");
    }
    const std::chrono::year_month_day date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) return std::unexpected("day value is outside expected range");
    return std::chrono::sys_days(date).time_since_epoch().count();
}

std::expected<Span, TimeFault> take_time(Scanner& in) {
    const auto hour = in.take_number(2);
    if (!hour) return std::unexpected("invalid character in hour");
    if (*hour > 23) return std::unexpected("hour value is outside expected range of 0-23");
    if (!in.take(":")) return std::unexpected("invalid time separator, expected `:`");
    const auto minute = in.take_number(2);
    if (!minute) return std::unexpected("invalid character in minute");
    if (*minute > 59) return std::unexpected("minute value is outside expected range of 0-59");
    Span time{.seconds = *hour * 3600 + *minute * 60};
    if (!in.take(":")) return time;
    const auto second = in.take_number(2);
    if (!second) return std::unexpected("invalid character in second");
    if (*second > 59) return std::unexpected("second value is outside expected range of 0-59");
    time.seconds += *second;
    if (!in.take_any(".,")) return time;
    const auto fraction = in.take_fraction();
    if (!fraction) return std::unexpected("second fraction value is empty");
    time.nanoseconds = *fraction;
    return time;
}

std::expected<std::optional<std::int64_t>, TimeFault> take_offset(Scanner& in) {
    if (in.is_at_end()) return std::nullopt;
    if (in.take_any("Zz")) return 0;
    // U+2212 is the minus of mathematics.
    const bool is_behind = in.take("-") || in.take("\xe2\x88\x92");
    if (!is_behind && !in.take("+")) return std::unexpected("invalid timezone sign");
    const auto hours = in.take_number(2);
    if (!hours) return std::unexpected("invalid timezone hour");
    in.take(":");
    const auto minutes = in.take_number(2);
    if (!minutes) return std::unexpected("invalid timezone minute");
    if (*minutes > 59) {
        return std::unexpected("timezone minute value is outside expected range of 0-59");
    }
    if (*hours > 23) return std::unexpected("timezone offset must be less than 24 hours");
    const std::int64_t seconds = *hours * 3600 + *minutes * 60;
    return is_behind ? -seconds : seconds;
}

}  // namespace

std::expected<std::int64_t, TimeFault> parse_date(std::string_view text) {
    if (text.size() < date_bytes) return std::unexpected("input is too short");
    Scanner in(text);
    const auto days = take_date(in);
    if (days && !in.is_at_end()) {
        return std::unexpected("unexpected extra characters at the end of the input");
    }
    return days;
}

std::expected<DateTime, TimeFault> parse_date_time(std::string_view text) {
    if (text.size() < date_bytes) return std::unexpected("input is too short");
    Scanner in(text);
    const auto days = take_date(in);
    if (!days) return std::unexpected(days.error());
    DateTime found{.days = *days};
    if (in.is_at_end()) return found;
    if (!in.take_any("Tt_ ")) {
        return std::unexpected("invalid datetime separator, expected `T`, `t`, `_` or space");
    }
    const auto time = take_time(in);
    if (!time) return std::unexpected(time.error());
    const auto offset = take_offset(in);
    if (!offset) return std::unexpected(offset.error());
    if (!in.is_at_end()) {
        return std::unexpected("unexpected extra characters at the end of the input");
    }
    found.time = *time;
    found.offset_seconds = *offset;
    return found;
}

// ---- durations

namespace {

struct Unit {
    char letter;
    bool is_time;
    std::int64_t seconds;
};
constexpr std::array units = {
    Unit{'Y', false, 365 * day_seconds},
    Unit{'M', false, 30 * day_seconds},
    Unit{'W', false, 7 * day_seconds},
    Unit{'D', false, day_seconds},
    Unit{'H', true, 3600},
    Unit{'M', true, 60},
    Unit{'S', true, 1},
};

const Unit* find_unit(char letter, bool is_time) {
    for (const Unit& unit : units) {
        if (unit.letter == letter && unit.is_time == is_time) return &unit;
    }
    return nullptr;
}

// In nanoseconds.
std::expected<Wide, TimeFault> take_quantity(Scanner& in, bool is_time) {
    std::int64_t whole = 0;
    std::int32_t fraction = 0;
    bool is_first = true;
    for (; auto digit = in.take_number(1); is_first = false) {
        whole = 10 * whole + *digit;
        if (whole > duration_seconds_max) {
            return std::unexpected("a numeric value in the duration is too large");
        }
    }
    if (is_first) return std::unexpected("invalid digit in duration");
    if (in.take_any(".,")) {
        const auto found = in.take_fraction();
        if (!found) return std::unexpected("invalid digit in duration");
        fraction = *found;
    }
    const Unit* const unit = find_unit(in.take_character(), is_time);
    if (!unit) {
        return std::unexpected(is_time ? "quantity invalid in time part of duration"
                                       : "quantity invalid in date part of duration");
    }
    return (static_cast<Wide>(whole) * second_ns + fraction) * unit->seconds;
}

}  // namespace

std::expected<Span, TimeFault> parse_duration(std::string_view text) {
    Scanner in(text);
    if (in.is_at_end()) return std::unexpected("input is too short");
    const bool is_negative = in.take("-");
    if (!is_negative) in.take("+");
    if (!in.take("P")) return std::unexpected("a duration begins with `P`, as in `PT1H30M`");
    Wide total = 0;
    bool is_time = false;
    bool is_empty = true;
    while (!in.is_at_end()) {
        if (!is_time && in.take("T")) {
            is_time = true;
            continue;
        }
        const auto quantity = take_quantity(in, is_time);
        if (!quantity) return std::unexpected(quantity.error());
        total += *quantity;
        if (total > static_cast<Wide>(duration_seconds_max) * second_ns) {
            return std::unexpected("durations may not exceed 999,999,999 days");
        }
        is_empty = false;
    }
    if (is_empty) return std::unexpected("input is too short");
    if (is_negative) total = -total;
    const Wide seconds = floor_divide(total, second_ns);
    return Span{static_cast<std::int64_t>(seconds),
                static_cast<std::int32_t>(total - seconds * second_ns)};
}

// ---- ticks. At most 2^63 of a year each, or in nanoseconds: both fit into 128 bits.

std::optional<std::int64_t> to_ticks(Span span, std::int64_t numerator, std::int64_t denominator) {
    const Wide total = static_cast<Wide>(span.seconds) * second_ns + span.nanoseconds;
    const Wide ticks = floor_divide(total * denominator, static_cast<Wide>(second_ns) * numerator);
    if (!fits(ticks)) return std::nullopt;
    return static_cast<std::int64_t>(ticks);
}

std::optional<Span> from_ticks(std::int64_t ticks, std::int64_t numerator,
                               std::int64_t denominator) {
    const Wide scaled = static_cast<Wide>(ticks) * numerator;
    const Wide seconds = floor_divide(scaled, denominator);
    if (!fits(seconds)) return std::nullopt;
    const Wide rest = scaled - seconds * denominator;
    return Span{static_cast<std::int64_t>(seconds),
                static_cast<std::int32_t>(rest * second_ns / denominator)};
}

// ---- to text

namespace {

std::string padded(std::uint64_t number, std::size_t width) {
    std::string text = std::to_string(number);
    if (text.size() < width) text.insert(0, width - text.size(), '0');
    return text;
}

std::string two_digits(std::int64_t number) {
    return padded(static_cast<std::uint64_t>(number), 2);
}

}  // namespace

std::string date_text(std::int64_t days) {
    const std::chrono::year_month_day date{
        std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
    return padded(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4) + "-" +
           two_digits(static_cast<unsigned>(date.month())) + "-" +
           two_digits(static_cast<unsigned>(date.day()));
}

std::string time_text(Span time) {
    std::int64_t days = time.seconds / day_seconds;
    std::int64_t second = time.seconds % day_seconds;
    if (second < 0) {
        second += day_seconds;
        --days;
    }
    std::string text = date_text(days) + "T" + two_digits(second / 3600) + ":" +
                       two_digits(second / 60 % 60) + ":" + two_digits(second % 60);
    if (time.nanoseconds != 0) {
        const auto fraction = static_cast<std::uint64_t>(time.nanoseconds);
        text += '.';
        text += fraction % 1000 == 0 ? padded(fraction / 1000, 6) : padded(fraction, 9);
    }
    return text + "Z";
}

std::string duration_text(Span span) {
    std::string text;
    if (span.seconds < 0) {
        text = "-";
        span =
            span.nanoseconds == 0
                ? Span{-span.seconds, 0}
                : Span{-span.seconds - 1, static_cast<std::int32_t>(second_ns - span.nanoseconds)};
    }
    text += 'P';
    const auto put = [&](std::int64_t count, char unit) {
        if (count != 0) (text += std::to_string(count)) += unit;
    };
    put(span.seconds / day_seconds, 'D');
    const std::size_t date_end = text.size();
    const std::int64_t second = span.seconds % day_seconds;
    text += 'T';
    put(second / 3600, 'H');
    put(second / 60 % 60, 'M');
    if (span.nanoseconds != 0) {
        std::string fraction = padded(static_cast<std::uint64_t>(span.nanoseconds), 9);
        fraction.erase(fraction.find_last_not_of('0') + 1);
        text += std::to_string(second % 60) + "." + fraction + "S";
    } else {
        put(second % 60, 'S');
    }
    if (text.size() > date_end + 1) return text;
    text.pop_back();  // the T
    return span.seconds == 0 ? "PT0S" : text;
}

}  // namespace weft::json::internal
