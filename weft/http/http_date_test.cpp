// SPDX-License-Identifier: Apache-2.0
#include <weft/http/http_date.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/field_error.hpp>

namespace weft::http {
namespace {

using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds at(std::chrono::sys_days day, std::chrono::seconds time) {
    return day + time;
}
constexpr sys_seconds example = at(std::chrono::year(1994) / 11 / 6, 8h + 49min + 37s);

sys_seconds date(std::string_view text) {
    const auto time = parse_http_date(text);
    EXPECT_TRUE(time) << text;
    return time.value_or(sys_seconds::min());
}

// RFC 9110 §5.6.7, the examples.
TEST(HttpDate, reads_the_three_forms) {
    EXPECT_EQ(date("Sun, 06 Nov 1994 08:49:37 GMT"), example);
    EXPECT_EQ(date("Sunday, 06-Nov-94 08:49:37 GMT"), example);
    EXPECT_EQ(date("Sun Nov  6 08:49:37 1994"), example);
    EXPECT_EQ(date("Wed Nov 16 08:49:37 1994"), example + std::chrono::days(10));
    EXPECT_EQ(date(" sun, 06 NOV 1994 08:49:37 gmt\t"), example);
}

TEST(HttpDate, writes_the_one_that_is_not_old) {
    EXPECT_EQ(format_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(format_http_date(sys_seconds()), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(format_http_date(sys_seconds(-1s)), "Wed, 31 Dec 1969 23:59:59 GMT");
    EXPECT_EQ(format_http_date(at(std::chrono::year(9999) / 12 / 31, 86399s)),
              "Fri, 31 Dec 9999 23:59:59 GMT");
    EXPECT_EQ(format_http_date(at(std::chrono::year(0) / 1 / 1, 0s)),
              "Sat, 01 Jan 0000 00:00:00 GMT");
    EXPECT_THROW((void)format_http_date(at(std::chrono::year(10000) / 1 / 1, 0s)), ValueError);
    EXPECT_THROW((void)format_http_date(at(std::chrono::year(0) / 1 / 1, -1s)), ValueError);
}

TEST(HttpDate, reads_what_it_writes_on_each_day_of_some_years) {
    for (auto day = std::chrono::sys_days(std::chrono::year(1996) / 1 / 1);
         day < std::chrono::sys_days(std::chrono::year(2005) / 1 / 1);
         day += std::chrono::days(1)) {
        const sys_seconds time = day + 12h + 34min + 56s;
        ASSERT_EQ(date(format_http_date(time)), time);
    }
}

TEST(HttpDate, year_of_two_figures_is_from_1970_to_2069) {
    const auto year_of = [](std::string_view year) {
        const sys_seconds time = date("Sunday, 06-Nov-" + std::string(year) + " 00:00:00 GMT");
        return std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year();
    };
    EXPECT_EQ(year_of("70"), std::chrono::year(1970));
    EXPECT_EQ(year_of("99"), std::chrono::year(1999));
    EXPECT_EQ(year_of("00"), std::chrono::year(2000));
    EXPECT_EQ(year_of("69"), std::chrono::year(2069));
}

TEST(HttpDate, leap_days_and_seconds_exist) {
    EXPECT_EQ(date("Tue, 29 Feb 2000 23:59:59 GMT") + 1s, date("Wed, 01 Mar 2000 00:00:00 GMT"));
    EXPECT_EQ(date("Sat, 31 Dec 2016 23:59:60 GMT"), date("Sat, 31 Dec 2016 23:59:59 GMT"));
}

TEST(HttpDate, day_of_the_week_is_not_believed) {
    EXPECT_EQ(date("Mon, 06 Nov 1994 08:49:37 GMT"), example);
}

TEST(HttpDate, refuses_what_is_none) {
    for (const std::string_view text : {"",
                                        "0",
                                        "-1",
                                        "784111777",
                                        "Sun",
                                        "Sun, 06 Nov 1994 08:49:37",
                                        "06 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 08:49:37 UTC",
                                        "Sun, 06 Nov 1994 08:49:37 +0000",
                                        "Sun, 06 Nov 1994 08:49:37 GMT+1",
                                        "Sun, 6 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 94 08:49:37 GMT",
                                        "Sun, 06-Nov-1994 08:49:37 GMT",
                                        "Sun, 06-Nov-94 08:49:37 GMT",
                                        "Sunday, 06 Nov 1994 08:49:37 GMT",
                                        "Sun, 00 Nov 1994 08:49:37 GMT",
                                        "Sun, 31 Nov 1994 08:49:37 GMT",
                                        "Sun, 29 Feb 1900 08:49:37 GMT",
                                        "Sun, 06 Nox 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 24:00:00 GMT",
                                        "Sun, 06 Nov 1994 08:60:37 GMT",
                                        "Sun, 06 Nov 1994 08:49:61 GMT",
                                        "Sun, 06 Nov 1994 8:49:37 GMT",
                                        "Sun, 06 Nov 1994 08:49:3 GMT",
                                        "Sun,06 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nov +994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994  8:49:37 GMT",
                                        "Sun Nov 6 08:49:37 1994",
                                        "Sun Nov   08:49:37 1994",
                                        "Sun Nov  6 08:49:37 94",
                                        "Xyz, 06 Nov 1994 08:49:37 GMT",
                                        "1994-11-06T08:49:37Z",
                                        "Sun, 06 Nov 1994 08:49:37 GMT Sun"}) {
        const auto time = parse_http_date(text);
        ASSERT_FALSE(time) << text;
        EXPECT_EQ(time.error().problem, FieldProblem::bad_date);
    }
    EXPECT_EQ(describe(parse_http_date("tomorrow").error()),
              "'tomorrow' is no date, as Sun, 06 Nov 1994 08:49:37 GMT is");
}

// What is cut off anywhere is no date, and none is read behind its end.
TEST(HttpDate, refuses_each_beginning) {
    for (const std::string_view text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994"}) {
        for (std::size_t size = 0; size < text.size(); ++size) {
            EXPECT_FALSE(parse_http_date(std::string(text.substr(0, size)))) << size;
        }
    }
}

}  // namespace
}  // namespace weft::http
