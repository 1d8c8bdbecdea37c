// SPDX-License-Identifier: Apache-2.0
#include <weft/http/wire/parse_error.hpp>

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace weft::http::wire {
namespace {

TEST(ParseError, tells_what_was_wrong_and_where) {
    ParseError error;
    error.problem = ParseProblem::bad_content_length;
    error.offset = 17;
    error.set_culprit("+5");
    EXPECT_EQ(
        describe(error),
        "'+5' is no Content-Length, which is digits, within 63 bits; at byte 17 of the message");
    error.problem = ParseProblem::cut_off;
    error.set_culprit("");
    EXPECT_EQ(describe(error),
              "the connection ended within the message; at byte 17 of the message");
    error.problem = ParseProblem::bare_carriage_return;
    error.set_culprit("X-A");
    EXPECT_EQ(describe(error),
              "'X-A': a carriage return without its line feed; at byte 17 of the message");
}

TEST(ParseError, keeps_the_beginning_of_a_culprit) {
    ParseError error;
    error.set_culprit(std::string(1000, 'x'));
    EXPECT_EQ(error.culprit(), std::string(ParseError::culprit_bytes_max, 'x'));
}

TEST(ParseError, has_a_text_for_each_problem) {
    for (std::uint8_t n = 0; n <= static_cast<std::uint8_t>(ParseProblem::cut_off); ++n) {
        ParseError error;
        error.problem = static_cast<ParseProblem>(n);
        EXPECT_FALSE(describe(error).starts_with(";")) << int{n};
    }
}

TEST(ParseError, has_a_status_for_each_problem) {
    EXPECT_EQ(status_for(ParseProblem::bad_method), 400);
    EXPECT_EQ(status_for(ParseProblem::start_line_too_long), 414);
    EXPECT_EQ(status_for(ParseProblem::field_too_long), 431);
    EXPECT_EQ(status_for(ParseProblem::too_many_fields), 431);
    EXPECT_EQ(status_for(ParseProblem::fields_too_long), 431);
    EXPECT_EQ(status_for(ParseProblem::unsupported_version), 505);
}

}  // namespace
}  // namespace weft::http::wire
