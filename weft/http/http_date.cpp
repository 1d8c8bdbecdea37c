// SPDX-License-Identifier: Apache-2.0
#include <weft/http/http_date.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_number(std::string& out, unsigned number, std::size_t figures) {
    const std::string text = std::to_string(number);
    out.append(figures - text.size(), '0').append(text);
}

// Reads a date from its front; once something is not as it should be, all is refused.
class DateReader {
public:
    explicit DateReader(std::string_view text) : text_(text) {}

    void skip(std::string_view text) {
        is_good_ = is_good_ && equal_ignoring_case(text_.substr(0, text.size()), text);
        text_.remove_prefix(std::min(text.size(), text_.size()));
    }
    bool take(std::string_view text) {
        if (!equal_ignoring_case(text_.substr(0, text.size()), text)) return false;
        text_.remove_prefix(text.size());
        return true;
    }
    int number(std::size_t figures) {
        int value = 0;
        for (std::size_t at = 0; at < figures; ++at) {
            const char c = at < text_.size() ? text_[at] : '\0';
            is_good_ = is_good_ && is_digit(c);
            value = value * 10 + (is_digit(c) ? c - '0' : 0);
        }
        text_.remove_prefix(std::min(figures, text_.size()));
        return value;
    }
    // A day of one or two figures, the first one of which may be a space.
    int padded_number() { return take(" ") ? number(1) : number(2); }
    // Which of the names, counted from 0, of which only the first letters count where so many.
    std::size_t name(const auto& names, std::size_t letters = std::string_view::npos) {
        for (std::size_t index = 0; index < names.size(); ++index) {
            if (take(names[index].substr(0, letters))) return index;
        }
        is_good_ = false;
        return 0;
    }
    unsigned month() { return static_cast<unsigned>(name(months)) + 1; }
    void time() {
        hour_ = number(2);
        skip(":");
        minute_ = number(2);
        skip(":");
        second_ = number(2);
    }
    [[nodiscard]] std::optional<sys_seconds> on(int year, unsigned month, int day) const {
        const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(month),
                                               std::chrono::day(static_cast<unsigned>(day)));
        if (!is_good_ || !text_.empty() || !date.ok()) return std::nullopt;
        if (hour_ > 23 || minute_ > 59 || second_ > 60) return std::nullopt;
        return std::chrono::sys_days(date) + std::chrono::hours(hour_) +
               std::chrono::minutes(minute_) + std::chrono::seconds(std::min(second_, 59));
    }

private:
    std::string_view text_;
    bool is_good_ = true;
    int hour_ = 0;
    int minute_ = 0;
    int second_ = 0;
};

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<sys_seconds> read_imf_fixdate(std::string_view text) {
    DateReader reader(text);
    reader.name(days, 3);
    reader.skip(", ");
    const int day = reader.number(2);
    reader.skip(" ");
    const unsigned month = reader.month();
    reader.skip(" ");
    const int year = reader.number(4);
    reader.skip(" ");
    reader.time();
    reader.skip(" GMT");
    return reader.on(year, month, day);
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<sys_seconds> read_rfc850_date(std::string_view text) {
    DateReader reader(text);
    reader.name(days);
    reader.skip(", ");
    const int day = reader.number(2);
    reader.skip("-");
    const unsigned month = reader.month();
    reader.skip("-");
    const int year = reader.number(2);
    reader.skip(" ");
    reader.time();
    reader.skip(" GMT");
    return reader.on(year + (year < 70 ? 2000 : 1900), month, day);
}

// Sun Nov  6 08:49:37 1994
std::optional<sys_seconds> read_asctime_date(std::string_view text) {
    DateReader reader(text);
    reader.name(days, 3);
    reader.skip(" ");
    const unsigned month = reader.month();
    reader.skip(" ");
    const int day = reader.padded_number();
    reader.skip(" ");
    reader.time();
    reader.skip(" ");
    const int year = reader.number(4);
    return reader.on(year, month, day);
}

}  // namespace

std::string format_http_date(sys_seconds time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const int year = static_cast<int>(date.year());
    if (year < 0 || year > 9999) {
        throw ValueError("the year " + std::to_string(year) + " is not from 0 to 9999");
    }
    std::string out(days[std::chrono::weekday(day).c_encoding()].substr(0, 3));
    out.reserve(29);
    out += ", ";
    append_number(out, static_cast<unsigned>(date.day()), 2);
    out.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]) += ' ';
    append_number(out, static_cast<unsigned>(year), 4);
    out += ' ';
    append_number(out, static_cast<unsigned>(clock.hours().count()), 2);
    out += ':';
    append_number(out, static_cast<unsigned>(clock.minutes().count()), 2);
    out += ':';
    append_number(out, static_cast<unsigned>(clock.seconds().count()), 2);
    return out += " GMT";
}

std::expected<sys_seconds, FieldError> parse_http_date(std::string_view text) {
    const std::string_view date = trimmed(text);
    for (const auto read : {read_imf_fixdate, read_rfc850_date, read_asctime_date}) {
        if (const auto time = read(date)) return *time;
    }
    return std::unexpected(FieldError(FieldProblem::bad_date, text));
}

}  // namespace weft::http
