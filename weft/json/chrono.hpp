// SPDX-License-Identifier: Apache-2.0
// weft/json/chrono.hpp - times, dates and durations in models.
//
//     struct Event {
//         std::chrono::sys_time<std::chrono::milliseconds> at;
//         std::chrono::year_month_day day;
//         std::chrono::minutes length = std::chrono::minutes(30);
//     };
//
// In JSON that is
//
//     {"at":"2026-01-02T03:04:05.123000Z","day":"2026-01-02","length":"PT30M"}
//
// std::chrono::sys_time, of any unit below days
//     RFC 3339. A text says its offset from UTC, or is a "timezone_aware" error; what is written is in
//     UTC. Years 1 to 9999. Where conversions are allowed also a number, or a string of one: seconds
//     since 1970, or milliseconds where it is over 20,000,000,000.
// std::chrono::year_month_day, std::chrono::sys_days
//     YYYY-MM-DD. Where conversions are allowed also a time at midnight.
// std::chrono::duration, of an integer
//     ISO 8601: `P1DT2H30M`. Where conversions are allowed also a number of seconds. What is written
//     has no unit above the day. 999,999,999 days at most.
//
// What is finer than the type is rounded down. The rest is as pydantic's AwareDatetime, date and
// timedelta, but for these: neither `1 day, 02:30:00` nor `true` is a duration, and where nothing is
// converted a string of a number is no time.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <weft/json/internal/iso8601.hpp>
#include <weft/json/internal/kinds.hpp>
#include <weft/json/internal/output.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>

namespace weft::json::internal {

template <class D>
concept Ticks = std::signed_integral<typename D::rep> && D::period::den <= 1'000'000'000;

bool read_time(Reading& in, Place at, Span& out, bool strict);
bool read_date(Reading& in, Place at, std::int64_t& days, bool strict);
bool read_duration(Reading& in, Place at, Span& out, bool strict);
/// Errors: ValueError   of the time or date: its year is not 1 to 9999; of the duration: it is longer
///                      than 999,999,999 days.
void write_time(Output& out, std::optional<Span> time);
void write_date(Output& out, std::int64_t days);
void write_duration(Output& out, std::optional<Span> span);
/// Records that the type has no room. Returns false.
bool fail_ticks(Reading& in, std::string_view type, Place at);

template <Ticks D>
std::optional<Span> span_of(D duration) {
    return from_ticks(duration.count(), D::period::num, D::period::den);
}

// What is above 64 bits, or those of a narrower type.
template <Ticks D>
bool take_span(Reading& in, Place at, Span span, D& out, std::string_view type) {
    const std::optional<std::int64_t> ticks = to_ticks(span, D::period::num, D::period::den);
    if (!ticks || !std::in_range<typename D::rep>(*ticks)) return fail_ticks(in, type, at);
    out = D(static_cast<typename D::rep>(*ticks));
    return true;
}

// ---- what the reader, the writer and the schema look for

template <class Rep, class Period>
    requires Ticks<std::chrono::duration<Rep, Period>>
bool read_tape(Reading& in, Place at, std::chrono::duration<Rep, Period>& out, bool strict) {
    Span span;
    return read_duration(in, at, span, strict) &&
           take_span(in, at, span, out, "time_delta_parsing");
}
template <class Rep, class Period>
    requires Ticks<std::chrono::duration<Rep, Period>>
void write_json(Output& out, const std::chrono::duration<Rep, Period>& duration) {
    write_duration(out, span_of(duration));
}
template <class Rep, class Period>
    requires Ticks<std::chrono::duration<Rep, Period>>
consteval std::string_view format_of(Tag<std::chrono::duration<Rep, Period>>) {
    return "duration";
}

template <Ticks D>
bool read_tape(Reading& in, Place at, std::chrono::sys_time<D>& out, bool strict) {
    Span span;
    D since{};
    if (!read_time(in, at, span, strict) || !take_span(in, at, span, since, "datetime_parsing")) {
        return false;
    }
    out = std::chrono::sys_time<D>(since);
    return true;
}
template <Ticks D>
void write_json(Output& out, const std::chrono::sys_time<D>& time) {
    write_time(out, span_of(time.time_since_epoch()));
}
template <Ticks D>
consteval std::string_view format_of(Tag<std::chrono::sys_time<D>>) {
    return "date-time";
}

inline bool read_tape(Reading& in, Place at, std::chrono::sys_days& out, bool strict) {
    std::int64_t days = 0;
    if (!read_date(in, at, days, strict)) return false;
    out = std::chrono::sys_days(std::chrono::days(static_cast<int>(days)));
    return true;
}
inline void write_json(Output& out, const std::chrono::sys_days& date) {
    write_date(out, date.time_since_epoch().count());
}
consteval std::string_view format_of(Tag<std::chrono::sys_days>) { return "date"; }

inline bool read_tape(Reading& in, Place at, std::chrono::year_month_day& out, bool strict) {
    std::chrono::sys_days date;
    if (!read_tape(in, at, date, strict)) return false;
    out = date;
    return true;
}
void write_json(Output& out, const std::chrono::year_month_day& date);
consteval std::string_view format_of(Tag<std::chrono::year_month_day>) { return "date"; }

}  // namespace weft::json::internal
