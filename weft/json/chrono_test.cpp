// SPDX-License-Identifier: Apache-2.0
// Times, dates, durations and UUIDs. What is taken and refused is what pydantic 2.13 takes and refuses, and
// so are the kinds of errors, but for what chrono.hpp names.
#include <weft/json/chrono.hpp>  // NOLINT(misc-include-cleaner): read and write find it by argument

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/uuid.hpp>
#include <weft/json/field.hpp>
#include <weft/json/internal/iso8601.hpp>
#include <weft/json/read.hpp>
#include <weft/json/uuid.hpp>  // NOLINT(misc-include-cleaner): the same
#include <weft/json/write.hpp>

namespace {

namespace json = weft::json;
using json::dumps;
using json::loads;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;
using weft::UUID;
using weft::ValueError;
template <class D>
using Time = std::chrono::sys_time<D>;

struct Event {
    std::chrono::sys_time<std::chrono::milliseconds> at;
    std::chrono::year_month_day day;
    std::chrono::minutes length = std::chrono::minutes(30);
};

TEST(Chrono, members_of_a_model_there_and_back) {
    const std::string text =
        R"({"at":"2026-01-02T03:04:05.123000Z","day":"2026-01-02","length":"PT30M"})";
    EXPECT_EQ(dumps(loads<Event>(text)), text);
    EXPECT_EQ(loads<Event>(R"({"at":"2026-01-02T03:04:05Z","day":"2026-01-02"})").length,
              minutes(30));
    EXPECT_FALSE(json::read<Event>(R"({"day":"2026-01-02"})"));
}

template <class T>
std::string kind(std::string_view text, bool strict = false) {
    const auto value = json::read<T>(text, {.strict = strict});
    return value ? dumps(*value) : value.error().errors.front().type;
}
template <class T>
std::string error(std::string_view text) {
    const auto value = json::read<T>(text);
    return value ? "none" : value.error().errors.front().msg + value.error().errors.front().ctx;
}
using Case = std::pair<std::string_view, std::string_view>;
template <class T>
void expect_kinds(const std::vector<Case>& cases, bool strict = false) {
    for (const auto& [text, wanted] : cases) EXPECT_EQ(kind<T>(text, strict), wanted) << text;
}

TEST(Chrono, times_in_each_form) {
    expect_kinds<Time<microseconds>>({
        {R"("2026-01-02T03:04:05Z")", R"("2026-01-02T03:04:05Z")"},
        {R"("2026-01-02t03:04:05z")", R"("2026-01-02T03:04:05Z")"},
        {R"("2026-01-02 03:04:05+00:00")", R"("2026-01-02T03:04:05Z")"},
        {R"("2026-01-02_03:04:05+0200")", R"("2026-01-02T01:04:05Z")"},
        {R"("2026-01-02T03:04:05-02:30")", R"("2026-01-02T05:34:05Z")"},
        {R"("2026-01-02T03:04:05−02:00")", R"("2026-01-02T05:04:05Z")"},
        {R"("2026-01-02T03:04Z")", R"("2026-01-02T03:04:00Z")"},
        {R"("2026-01-02T03:04:05.5Z")", R"("2026-01-02T03:04:05.500000Z")"},
        {R"("2026-01-02T03:04:05,000001Z")", R"("2026-01-02T03:04:05.000001Z")"},
        {R"("2026-01-02T03:04:05.1234567890123Z")", R"("2026-01-02T03:04:05.123456Z")"},
        {R"("1969-12-31T23:59:59.9999999Z")", R"("1969-12-31T23:59:59.999999Z")"},
        {R"("0001-01-01T00:00:00Z")", R"("0001-01-01T00:00:00Z")"},
        {R"("9999-12-31T23:59:59.999999Z")", R"("9999-12-31T23:59:59.999999Z")"},
        {R"("2024-02-29T00:00:00Z")", R"("2024-02-29T00:00:00Z")"},
    });
}

TEST(Chrono, times_that_are_none) {
    constexpr std::string_view parsing = "datetime_from_date_parsing";
    expect_kinds<Time<microseconds>>({
        {R"("x")", parsing},
        {R"("")", parsing},
        {R"(" 2026-01-02T03:04:05Z")", parsing},
        {R"("2026-01-02T03:04:05Z ")", parsing},
        {R"("2026-01-02T03:04:60Z")", parsing},
        {R"("2026-01-02T03:60:05Z")", parsing},
        {R"("2026-01-02T24:00:00Z")", parsing},
        {R"("2026-00-02T03:04:05Z")", parsing},
        {R"("2026-13-02T03:04:05Z")", parsing},
        {R"("2026-02-29T03:04:05Z")", parsing},
        {R"("2026-01-00T03:04:05Z")", parsing},
        {R"("0000-01-02T03:04:05Z")", parsing},
        {R"("2026-01-02T03:04:05.Z")", parsing},
        {R"("2026-01-02T03:04:05+24:00")", parsing},
        {R"("2026-01-02T03:04:05+23:60")", parsing},
        {R"("2026-01-02T03:04:05+02")", parsing},
        {R"("2026-01-02X03:04:05Z")", parsing},
        {R"("2026-01-02T3:04:05Z")", parsing},
        {R"("2026-01-02T03-04:05Z")", parsing},
        {R"("12026-01-02T03:04:05Z")", parsing},
        {R"("2026-01-02T03:04:05")", "timezone_aware"},
        {R"("2026-01-02")", "timezone_aware"},
        {R"("0001-01-01T00:00:00+00:01")", "datetime_parsing"},
        {R"("9999-12-31T23:59:59-00:01")", "datetime_parsing"},
        {"null", "datetime_type"},
        {"true", "datetime_type"},
        {"[]", "datetime_type"},
    });
    EXPECT_EQ(error<sys_seconds>(R"("2026-02-30T00:00:00Z")"),
              "Input should be a valid datetime or date, day value is outside expected range"
              R"({"error":"day value is outside expected range"})");
    EXPECT_EQ(error<sys_seconds>(R"("2026-01-02")"), "Input should have timezone info");
}

TEST(Chrono, times_from_numbers_of_seconds_or_milliseconds) {
    expect_kinds<Time<microseconds>>({
        {"0", R"("1970-01-01T00:00:00Z")"},
        {"-1", R"("1969-12-31T23:59:59Z")"},
        {"1.5", R"("1970-01-01T00:00:01.500000Z")"},
        {"-0.25", R"("1969-12-31T23:59:59.750000Z")"},
        {"1700000000", R"("2023-11-14T22:13:20Z")"},
        {"1700000000000", R"("2023-11-14T22:13:20Z")"},
        {"1700000000123", R"("2023-11-14T22:13:20.123000Z")"},
        {"20000000000", R"("2603-10-11T11:33:20Z")"},
        {"20000000001", R"("1970-08-20T11:33:20.001000Z")"},
        {R"("1700000000")", R"("2023-11-14T22:13:20Z")"},
        {R"("1.5")", R"("1970-01-01T00:00:01.500000Z")"},
        {"0.9999999", R"("1970-01-01T00:00:01Z")"},
        {"1e15", "datetime_parsing"},
        {"253402300800000", "datetime_parsing"},
        {"18446744073709551615", "datetime_parsing"},
        {"1e400", "datetime_parsing"},
        {R"("nan")", "datetime_parsing"},
    });
}

TEST(Chrono, strict_reading_takes_texts_alone) {
    constexpr bool strict = true;
    expect_kinds<Time<microseconds>>({{R"("2026-01-02T03:04:05Z")", R"("2026-01-02T03:04:05Z")"},
                                      {"1", "datetime_type"},
                                      {R"("2026-01-02")", "datetime_parsing"},
                                      {R"("2026-01-02T00:00")", "timezone_aware"},
                                      {R"("1")", "datetime_parsing"}},
                                     strict);
    expect_kinds<year_month_day>({{R"("2026-01-02")", R"("2026-01-02")"},
                                  {"0", "date_type"},
                                  {R"("2026-01-02T00:00:00Z")", "date_parsing"}},
                                 strict);
    expect_kinds<seconds>({{R"("PT1S")", R"("PT1S")"}, {"1", "time_delta_type"}}, strict);
    EXPECT_EQ((kind<json::Annotated<sys_seconds, json::Field{.strict = true}>>("1")),
              "datetime_type");
}

TEST(Chrono, what_is_finer_than_the_type_is_rounded_down) {
    constexpr std::string_view text = R"("2026-01-02T03:04:05.987654321Z")";
    EXPECT_EQ(kind<Time<nanoseconds>>(text), text);
    EXPECT_EQ(kind<Time<microseconds>>(text), R"("2026-01-02T03:04:05.987654Z")");
    EXPECT_EQ(kind<Time<milliseconds>>(text), R"("2026-01-02T03:04:05.987000Z")");
    EXPECT_EQ(kind<sys_seconds>(text), R"("2026-01-02T03:04:05Z")");
    EXPECT_EQ(kind<Time<minutes>>(text), R"("2026-01-02T03:04:00Z")");
    EXPECT_EQ(loads<seconds>(R"("-PT1.5S")"), seconds(-2));
    EXPECT_EQ(loads<hours>(R"("PT119M")"), hours(1));
}

TEST(Chrono, what_the_type_has_no_room_for_is_refused) {
    expect_kinds<Time<nanoseconds>>({
        {R"("2262-04-11T23:47:16.854775807Z")", R"("2262-04-11T23:47:16.854775807Z")"},
        {R"("2262-04-11T23:47:16.854775808Z")", "datetime_parsing"},
        {R"("1677-09-21T00:12:43.145224192Z")", R"("1677-09-21T00:12:43.145224192Z")"},
        {R"("1677-09-21T00:12:43.145224191Z")", "datetime_parsing"},
    });
    using Short = std::chrono::duration<std::int8_t>;
    expect_kinds<Short>({{R"("PT127S")", R"("PT2M7S")"}, {R"("PT128S")", "time_delta_parsing"}});
}

TEST(Chrono, dates) {
    for (const std::string_view same : {R"("2026-01-02")", R"("0001-01-01")", R"("9999-12-31")"}) {
        EXPECT_EQ(kind<year_month_day>(same), same);
        EXPECT_EQ(kind<sys_days>(same), same);
    }
    constexpr std::string_view parsing = "date_from_datetime_parsing";
    expect_kinds<year_month_day>({
        {R"("2026-01-02T00:00:00")", R"("2026-01-02")"},
        {R"("2026-01-02T00:00:00+05:00")", R"("2026-01-02")"},
        {"86400", R"("1970-01-02")"},
        {R"("86400")", R"("1970-01-02")"},
        {"-86400", R"("1969-12-31")"},
        {"86399.9999999", R"("1970-01-02")"},
        {"86401", "date_from_datetime_inexact"},
        {"-1", "date_from_datetime_inexact"},
        {"0.5", "date_from_datetime_inexact"},
        {R"("2026-01-02T00:00:00.5Z")", "date_from_datetime_inexact"},
        {R"("2026-01-02T01:00:00")", "date_from_datetime_inexact"},
        {R"("2026-1-2")", parsing},
        {R"("2026-02-29")", parsing},
        {R"("2026-01-02x")", parsing},
        {R"("2026-01-0")", parsing},
        {"null", "date_type"},
        {"true", "date_type"},
        {"1e400", parsing},
        {"-62135596801000", parsing},
    });
}

TEST(Chrono, durations_in_each_form) {
    expect_kinds<microseconds>({
        {R"("PT0S")", R"("PT0S")"},
        {R"("P1D")", R"("P1D")"},
        {R"("+P1D")", R"("P1D")"},
        {R"("P2W")", R"("P14D")"},
        {R"("P1Y2M3W4DT5H6M7.5S")", R"("P450DT5H6M7.5S")"},
        {R"("PT1.5H")", R"("PT1H30M")"},
        {R"("P1.5D")", R"("P1DT12H")"},
        {R"("PT1,5S")", R"("PT1.5S")"},
        {R"("-PT1.5S")", R"("-PT1.5S")"},
        {R"("-P1DT1H")", R"("-P1DT1H")"},
        {R"("PT0.000001S")", R"("PT0.000001S")"},
        {R"("PT90S")", R"("PT1M30S")"},
        {R"("PT1S1H")", R"("PT1H1S")"},
        {R"("P1DT")", R"("P1D")"},
        {"90", R"("PT1M30S")"},
        {"-1.5", R"("-PT1.5S")"},
        {R"("P9999999D")", R"("P9999999D")"},
    });
    EXPECT_EQ(dumps(nanoseconds(1)), R"("PT0.000000001S")");
    EXPECT_EQ(dumps(days(-400)), R"("-P400D")");
    EXPECT_EQ(dumps(nanoseconds::min()), R"("-P106751DT23H47M16.854775808S")");
}

TEST(Chrono, durations_that_are_none) {
    constexpr std::string_view parsing = "time_delta_parsing";
    for (const std::string_view wrong : {R"("")",
                                         R"("P")",
                                         R"("PT")",
                                         R"("-P")",
                                         R"("x")",
                                         R"("1D")",
                                         R"("P1")",
                                         R"("P1S")",
                                         R"("PT1D")",
                                         R"("P-1D")",
                                         R"("p1d")",
                                         R"("PT 1S")",
                                         R"("P1DX")",
                                         R"("PT1.S")",
                                         R"("PT.5S")",
                                         R"("P1TD")",
                                         R"("PT1SP1D")",
                                         R"("--P1D")",
                                         R"("90")",
                                         R"("P99999999999999999999D")",
                                         R"("P1000000000D")",
                                         "1e300",
                                         "86399999913601"}) {
        EXPECT_EQ(kind<seconds>(wrong), parsing) << wrong;
    }
    EXPECT_EQ(kind<seconds>("null"), "time_delta_type");
    EXPECT_EQ(kind<seconds>("true"), "time_delta_type");
    EXPECT_EQ(kind<seconds>(R"("P999999999D")"), R"("P999999999D")");
}

TEST(Chrono, what_has_no_form_in_json_is_not_written) {
    EXPECT_THROW(static_cast<void>(dumps(year_month_day())), ValueError);
    EXPECT_THROW(static_cast<void>(dumps(sys_seconds(seconds(253'402'300'800)))), ValueError);
    EXPECT_THROW(static_cast<void>(dumps(sys_seconds(seconds(-62'135'596'801)))), ValueError);
    EXPECT_THROW(static_cast<void>(dumps(sys_days(days(std::numeric_limits<int>::max())))),
                 ValueError);
    EXPECT_THROW(
        static_cast<void>(dumps(Time<hours>(hours(std::numeric_limits<std::int64_t>::max())))),
        ValueError);
    EXPECT_THROW(static_cast<void>(dumps(days(1'000'000'000))), ValueError);
    EXPECT_THROW(static_cast<void>(dumps(days(-1'000'000'000))), ValueError);
    EXPECT_THROW(static_cast<void>(dumps(std::chrono::years(std::numeric_limits<int>::max()))),
                 ValueError);
}

// Every day of the calendar, and the last second of each.
TEST(Chrono, all_days_are_read_as_they_are_written) {
    for (std::int64_t day = -719'162; day <= 2'932'896; day += 13) {
        const sys_seconds time(seconds(day * 86'400 + 86'399));
        const std::string text = json::internal::time_text({day * 86'400 + 86'399, 0});
        const auto parsed = json::internal::parse_date_time(text);
        ASSERT_TRUE(parsed) << text;
        ASSERT_EQ(parsed->days, day) << text;
        ASSERT_EQ(parsed->time.seconds, 86'399) << text;
        ASSERT_EQ(json::internal::parse_date(text.substr(0, 10)), day) << text;
    }
}

TEST(Chrono, each_prefix_of_a_text_is_refused_or_means_less) {
    constexpr std::string_view text = "2026-01-02T03:04:05.5+02:00";
    for (std::size_t size = 0; size < text.size(); ++size) {
        const std::string cut = '"' + std::string(text.substr(0, size)) + '"';
        const std::string found = kind<sys_seconds>(cut);
        EXPECT_TRUE(found == "timezone_aware" || found == "datetime_from_date_parsing" ||
                    (size > 0 && size <= 4 && found.starts_with("\"1970")))
            << cut << " " << found;
    }
}

struct User {
    UUID id;
    UUID group = UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
};

TEST(UUIDs, in_models) {
    constexpr std::string_view id = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";
    const auto user = loads<User>(R"({"id":"urn:uuid:F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6"})");
    EXPECT_EQ(user.id, UUID(id));
    EXPECT_EQ(dumps(user), R"({"id":")" + std::string(id) +
                               R"(","group":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"})");
    EXPECT_FALSE(json::read<User>("{}"));
    EXPECT_EQ(kind<UUID>("1"), "uuid_type");
    EXPECT_EQ(kind<UUID>("null"), "uuid_type");
    EXPECT_EQ(error<UUID>(R"("x")"),
              "Input should be a valid UUID, invalid character: found `x` at 1"
              R"({"error":"invalid character: found `x` at 1"})");
    EXPECT_EQ(error<UUID>("1"), "UUID input should be a string, bytes or UUID object");
}

}  // namespace
