// SPDX-License-Identifier: Apache-2.0
// weft/json/internal/iso8601.hpp - dates, times and durations as text.
//
// Numbers only: which types of chrono they become, chrono.hpp says.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace weft::json::internal {

/// A span of time, or a point by its distance from 1970 in UTC. The nanoseconds are never negative:
/// half a second before 1970 is -1 second and 500,000,000 nanoseconds.
struct Span {
    std::int64_t seconds = 0;
    std::int32_t nanoseconds = 0;

    friend bool operator==(const Span&, const Span&) = default;
};

/// What of a Span a type has that counts `numerator / denominator` seconds; what is finer is rounded
/// down. nullopt where 64 bits are too few.
[[nodiscard]] std::optional<std::int64_t> to_ticks(Span span, std::int64_t numerator,
                                                   std::int64_t denominator);
/// The other way. nullopt where 64 bits of seconds are too few.
[[nodiscard]] std::optional<Span> from_ticks(std::int64_t ticks, std::int64_t numerator,
                                             std::int64_t denominator);

/// What a text says of a day and a time.
struct DateTime {
    std::int64_t days = 0;                       ///< since 1970
    Span time;                                   ///< of the day
    std::optional<std::int64_t> offset_seconds;  ///< to UTC; nullopt where it does not say
};

/// Why a text is none of these; a literal, in the words of speedate, which pydantic uses.
using TimeFault = const char*;

/// `YYYY-MM-DD`, of the years 1 to 9999. Returns: days since 1970.
[[nodiscard]] std::expected<std::int64_t, TimeFault> parse_date(std::string_view text);

/// A date and a time, or a date alone. Between them `T`, `t`, `_` or a space; the seconds and their
/// fraction may be left out; the offset is Z, z, `±HH:MM` or `±HHMM`, or not there.
[[nodiscard]] std::expected<DateTime, TimeFault> parse_date_time(std::string_view text);

/// ISO 8601's durations, with a sign: `P1DT2H30M`, `-PT1.5S`. As in pydantic a year has 365 days and
/// a month 30, units come in any order, and any number may have a fraction.
[[nodiscard]] std::expected<Span, TimeFault> parse_duration(std::string_view text);

inline constexpr std::int64_t day_seconds = 86'400;
/// Years 1 to 9999.
inline constexpr std::int64_t time_seconds_min = -62'135'596'800;
inline constexpr std::int64_t time_seconds_max = 253'402'300'799;
/// As Python's timedelta: 999,999,999 days.
inline constexpr std::int64_t duration_seconds_max = 999'999'999 * day_seconds;

// The ranges are those above.
[[nodiscard]] std::string date_text(std::int64_t days);
/// `2026-01-02T03:04:05Z`, with six digits behind the seconds where they have a fraction, and nine where
/// six are too few.
[[nodiscard]] std::string time_text(Span time);
/// `P1DT2H30M`; the largest unit is the day, since years and months have no certain length.
[[nodiscard]] std::string duration_text(Span span);

}  // namespace weft::json::internal
