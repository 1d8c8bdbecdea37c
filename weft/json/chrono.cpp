// SPDX-License-Identifier: Apache-2.0
#include <weft/json/chrono.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/json/internal/iso8601.hpp>
#include <weft/json/internal/numbers.hpp>
#include <weft/json/internal/output.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {
namespace {

// A number, or a string that Python's float() takes. All that are in range fit a double exactly.
std::optional<double> number_at(const Tape& tape, Place at) {
    switch (tag(at)) {
        case 'l':
            return static_cast<double>(signed_at(at));
        case 'u':
            return static_cast<double>(unsigned_at(at));
        case 'd':
            return double_at(at);
        case 'Z':
            return std::numeric_limits<double>::infinity();
        case '"':
            return text_to_double(tape.text(at));
        default:
            return std::nullopt;
    }
}

// To the nearest microsecond, as Python's.
Span span_of_count(double count, double per_second) {
    double seconds = std::floor(count / per_second);
    const double rest = count - seconds * per_second;
    double microseconds = std::round(rest * (1e6 / per_second));
    if (microseconds < 0) {
        seconds -= 1;
        microseconds += 1e6;
    }
    if (microseconds >= 1e6) {
        seconds += 1;
        microseconds -= 1e6;
    }
    return {static_cast<std::int64_t>(seconds), static_cast<std::int32_t>(microseconds * 1000)};
}

bool take_time(Reading& in, Place at, Span time, std::string_view type, Span& out) {
    if (time.seconds < time_seconds_min || time.seconds > time_seconds_max) {
        return in.fail_parsing(type, "its year in UTC is out of the range of 1-9999", at);
    }
    out = time;
    return true;
}

// Seconds, or milliseconds beyond the year 2603, as pydantic takes it. NaN is no number.
std::optional<Span> time_of_number(double number) {
    constexpr double milliseconds_from = 2e10;
    constexpr double milliseconds_max = 1e15;
    if (!(std::fabs(number) < milliseconds_max)) return std::nullopt;
    return span_of_count(number, std::fabs(number) > milliseconds_from ? 1000 : 1);
}

bool take_number_as_time(Reading& in, Place at, double number, std::string_view type, Span& out) {
    const std::optional<Span> time = time_of_number(number);
    if (time) return take_time(in, at, *time, type, out);
    return in.fail_parsing(type, "dates after 9999 are not supported as unix timestamps", at);
}

}  // namespace

bool read_time(Reading& in, Place at, Span& out, bool strict) {
    const bool is_lax = in.is_lax(strict);
    if (tag(at) != '"') {
        const std::optional<double> number = is_lax ? number_at(in.tape(), at) : std::nullopt;
        return number ? take_number_as_time(in, at, *number, "datetime_parsing", out)
                      : in.fail("datetime_type", at);
    }
    const auto found = parse_date_time(in.tape().text(at));
    if (!found) {
        if (!is_lax) return in.fail_parsing("datetime_parsing", found.error(), at);
        const std::optional<double> number = number_at(in.tape(), at);
        return number ? take_number_as_time(in, at, *number, "datetime_parsing", out)
                      : in.fail_parsing("datetime_from_date_parsing", found.error(), at);
    }
    if (!is_lax && parse_date(in.tape().text(at))) {
        return in.fail_parsing("datetime_parsing", "input is too short", at);
    }
    if (!found->offset_seconds) return in.fail("timezone_aware", at);
    return take_time(in, at,
                     {found->days * day_seconds + found->time.seconds - *found->offset_seconds,
                      found->time.nanoseconds},
                     "datetime_parsing", out);
}

bool read_date(Reading& in, Place at, std::int64_t& days, bool strict) {
    const bool is_lax = in.is_lax(strict);
    const bool is_text = tag(at) == '"';
    if (is_text) {
        const auto date = parse_date(in.tape().text(at));
        if (date) {
            days = *date;
            return true;
        }
        if (!is_lax) return in.fail_parsing("date_parsing", date.error(), at);
        const auto found = parse_date_time(in.tape().text(at));
        if (found) {
            days = found->days;
            return found->time == Span{} || in.fail("date_from_datetime_inexact", at);
        }
        if (!number_at(in.tape(), at)) {
            return in.fail_parsing("date_from_datetime_parsing", found.error(), at);
        }
    }
    const std::optional<double> number = is_lax ? number_at(in.tape(), at) : std::nullopt;
    if (!number) return in.fail("date_type", at);
    Span time;
    if (!take_number_as_time(in, at, *number, "date_from_datetime_parsing", time)) return false;
    const std::int64_t second = time.seconds % day_seconds;
    days = time.seconds / day_seconds;
    return (second == 0 && time.nanoseconds == 0) || in.fail("date_from_datetime_inexact", at);
}

bool read_duration(Reading& in, Place at, Span& out, bool strict) {
    if (tag(at) == '"') {
        const auto found = parse_duration(in.tape().text(at));
        if (!found) return in.fail_parsing("time_delta_parsing", found.error(), at);
        out = *found;
        return true;
    }
    const std::optional<double> number =
        in.is_lax(strict) ? number_at(in.tape(), at) : std::nullopt;
    if (!number) return in.fail("time_delta_type", at);
    if (!(std::fabs(*number) <= static_cast<double>(duration_seconds_max))) {
        return in.fail_parsing("time_delta_parsing", "durations may not exceed 999,999,999 days",
                               at);
    }
    out = span_of_count(*number, 1);
    return true;
}

bool fail_ticks(Reading& in, std::string_view type, Place at) {
    return in.fail_parsing(type, "it is out of the range of the type that holds it", at);
}

// ---- writing

namespace {

[[noreturn]] void refuse_year() {
    throw ValueError("a date in JSON has a year from 1 to 9999, and this one has not");
}

void put_quoted(Output& out, std::string_view text) {
    out.put('"');
    out.put_text(text);
    out.put('"');
}

}  // namespace

void write_time(Output& out, std::optional<Span> time) {
    if (!time || time->seconds < time_seconds_min || time->seconds > time_seconds_max) {
        refuse_year();
    }
    put_quoted(out, time_text(*time));
}

void write_date(Output& out, std::int64_t days) {
    if (days < time_seconds_min / day_seconds || days > time_seconds_max / day_seconds) {
        refuse_year();
    }
    put_quoted(out, date_text(days));
}

void write_json(Output& out, const std::chrono::year_month_day& date) {
    if (!date.ok()) throw ValueError("a date in JSON is one of the calendar, and this one is not");
    write_date(out, std::chrono::sys_days(date).time_since_epoch().count());
}

void write_duration(Output& out, std::optional<Span> span) {
    const bool is_in_range =
        span && span->seconds >= -duration_seconds_max &&
        (span->seconds < duration_seconds_max || *span == Span{duration_seconds_max});
    if (!is_in_range) throw ValueError("durations may not exceed 999,999,999 days");
    put_quoted(out, duration_text(*span));
}

}  // namespace weft::json::internal
