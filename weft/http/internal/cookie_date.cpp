// SPDX-License-Identifier: Apache-2.0
#include <weft/http/internal/cookie_date.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/cookie.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http::internal {
namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};

constexpr int first_year = 1601;
constexpr int last_year = 9999;

constexpr bool is_delimiter(char c) noexcept {
    return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

// Takes a number of so many digits, and no digit behind it, from the front of the text.
std::optional<int> take_number(std::string_view& text, std::size_t least,
                               std::size_t most) noexcept {
    std::size_t digits = 0;
    int number = 0;
    while (digits < text.size() && is_digit(text[digits])) {
        if (digits == most) return std::nullopt;
        number = number * 10 + (text[digits] - '0');
        ++digits;
    }
    if (digits < least) return std::nullopt;
    text.remove_prefix(digits);
    return number;
}

using HourMinuteSecond = std::array<int, 3>;

std::optional<HourMinuteSecond> read_time(std::string_view token) noexcept {
    HourMinuteSecond parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i != 0) {
            if (!token.starts_with(':')) return std::nullopt;
            token.remove_prefix(1);
        }
        const auto part = take_number(token, 1, 2);
        if (!part) return std::nullopt;
        parts[i] = *part;
    }
    return parts;
}

std::optional<unsigned> read_month(std::string_view token) noexcept {
    const auto* const found = std::ranges::find_if(months, [&](std::string_view month) {
        return equal_ignoring_case(token.substr(0, month.size()), month);
    });
    if (found == months.end()) return std::nullopt;
    return static_cast<unsigned>(found - months.begin()) + 1;
}

std::optional<int> read_year(std::string_view token) noexcept {
    const auto year = take_number(token, 2, 4);
    if (!year) return std::nullopt;
    if (*year >= 70 && *year <= 99) return *year + 1900;
    return *year <= 69 ? *year + 2000 : *year;
}

void append_number(std::string& out, int number, int digits) {
    const std::size_t begin = out.size();
    out.append(static_cast<std::size_t>(digits), '0');
    for (std::size_t at = out.size(); at > begin; number /= 10) {
        out[--at] = static_cast<char>('0' + number % 10);
    }
}

}  // namespace

std::optional<CookieTime> parse_cookie_date(std::string_view text) noexcept {
    std::optional<HourMinuteSecond> time;
    std::optional<int> day;
    std::optional<unsigned> month;
    std::optional<int> year;
    while (!text.empty()) {
        const std::size_t size =
            static_cast<std::size_t>(std::ranges::find_if(text, is_delimiter) - text.begin());
        std::string_view token = text.substr(0, size);
        text.remove_prefix(std::min(size + 1, text.size()));
        // Each part takes the first token that could be it.
        if (!time && (time = read_time(token))) continue;
        if (!day && (day = take_number(token, 1, 2))) continue;
        if (!month && (month = read_month(token))) continue;
        if (!year) year = read_year(token);
    }
    if (!time || !day || !month || !year || *year < first_year) return std::nullopt;
    const auto [hour, minute, second] = *time;
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const auto date = std::chrono::year(*year) / std::chrono::month(*month) /
                      std::chrono::day(static_cast<unsigned>(*day));
    if (!date.ok()) return std::nullopt;
    return CookieTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute) + std::chrono::seconds(second);
}

bool has_cookie_date(CookieTime time) noexcept {
    constexpr CookieTime begin = std::chrono::sys_days(std::chrono::year(first_year) / 1 / 1);
    constexpr CookieTime end = std::chrono::sys_days(std::chrono::year(last_year + 1) / 1 / 1);
    return time >= begin && time < end;
}

void append_cookie_date(std::string& out, CookieTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    out += weekdays[std::chrono::weekday(day).c_encoding()];
    out += ", ";
    append_number(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
    out += ' ';
    out += months[static_cast<unsigned>(date.month()) - 1];
    out += ' ';
    append_number(out, static_cast<int>(date.year()), 4);
    out += ' ';
    append_number(out, static_cast<int>(clock.hours().count()), 2);
    out += ':';
    append_number(out, static_cast<int>(clock.minutes().count()), 2);
    out += ':';
    append_number(out, static_cast<int>(clock.seconds().count()), 2);
    out += " GMT";
}

}  // namespace weft::http::internal
