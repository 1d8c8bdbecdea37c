// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/content_coding.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/bytes.hpp>
#include <weft/http/body/coding_error.hpp>
#include <weft/http/headers.hpp>

namespace weft::http {
namespace {

using enum ContentCoding;
using Codings = std::vector<ContentCoding>;

Codings codings_of(std::string_view value) {
    const auto codings = content_codings({{"Content-Encoding", value}}, 4);
    EXPECT_TRUE(codings) << value;
    return codings.value_or(Codings());
}
CodingProblem problem_of(const Headers& headers, std::size_t codings_max = 2) {
    const auto codings = content_codings(headers, codings_max);
    EXPECT_FALSE(codings);
    return codings ? CodingProblem{} : codings.error().problem;
}

TEST(ContentCoding, reads_names_in_any_case) {
    EXPECT_EQ(codings_of("gzip"), Codings{gzip});
    EXPECT_EQ(codings_of("GZip"), Codings{gzip});
    EXPECT_EQ(codings_of("deflate"), Codings{deflate});
    EXPECT_EQ(codings_of("BR"), Codings{br});
    EXPECT_EQ(codings_of("zstd"), Codings{zstd});
}

// RFC 9110 §8.4.1.3.
TEST(ContentCoding, x_gzip_is_gzip) { EXPECT_EQ(codings_of("X-Gzip"), Codings{gzip}); }

TEST(ContentCoding, identity_is_none) {
    EXPECT_EQ(codings_of("identity"), Codings());
    EXPECT_EQ(codings_of("identity, gzip, identity"), Codings{gzip});
    EXPECT_EQ(content_codings({}), Codings());
}

TEST(ContentCoding, several_are_in_their_order) {
    EXPECT_EQ(codings_of("gzip, br"), (Codings{gzip, br}));
    EXPECT_EQ(codings_of("br\t ,zstd,gzip"), (Codings{br, zstd, gzip}));
}

// Who looks at the first field only takes br data for content.
TEST(ContentCoding, fields_of_one_name_are_one_list) {
    EXPECT_EQ(
        content_codings({{"Content-Encoding", "gzip"}, {"X", "y"}, {"content-encoding", "br"}}),
        (Codings{gzip, br}));
}

// RFC 9110 §5.6.1.2.
TEST(ContentCoding, empty_elements_are_none) {
    EXPECT_EQ(codings_of(""), Codings());
    EXPECT_EQ(codings_of(", ,gzip,, br ,"), (Codings{gzip, br}));
}

TEST(ContentCoding, refuses_what_it_does_not_know) {
    for (const std::string_view value :
         {"compress", "gzip;q=1", "gzip br", "\"gzip\"", "x-br", "none", "gzi", "gzipp", "*",
          "identity;", "gzip, utf-8", "chunked"}) {
        EXPECT_EQ(problem_of({{"Content-Encoding", value}}), CodingProblem::unknown_coding)
            << value;
    }
}

// CVE-2025-66418 (urllib3), CVE-2022-32206 and CVE-2023-23916 (curl): a chain without end, in one
// field or in many.
TEST(ContentCoding, chain_is_limited) {
    EXPECT_EQ(problem_of({{"Content-Encoding", "gzip, gzip, gzip"}}),
              CodingProblem::too_many_codings);
    EXPECT_EQ(problem_of({{"Content-Encoding", "gzip"},
                          {"Content-Encoding", "br"},
                          {"Content-Encoding", "identity, gzip"}}),
              CodingProblem::too_many_codings);
    EXPECT_EQ(problem_of({{"Content-Encoding", "gzip"}}, 0), CodingProblem::too_many_codings);
}

TEST(ContentCoding, accept_encoding_names_them_in_order) {
    EXPECT_EQ(accept_encoding(), "gzip, deflate, br, zstd");
    EXPECT_EQ(accept_encoding(Codings{br, gzip}), "br, gzip");
    EXPECT_EQ(accept_encoding(Codings{}), "identity");
}

TEST(ContentCoding, name_is_found_again) {
    for (const ContentCoding coding : {identity, gzip, deflate, br, zstd}) {
        EXPECT_EQ(find_content_coding(name_of(coding)), coding);
    }
    EXPECT_EQ(find_content_coding(""), std::nullopt);
}

std::optional<ContentCoding> choice(std::string_view accept, const Codings& offers = {br, gzip}) {
    return choose_content_coding({{"Accept-Encoding", accept}}, offers);
}

TEST(ChooseContentCoding, takes_the_one_of_the_highest_quality) {
    EXPECT_EQ(choice("gzip, br"), br);
    EXPECT_EQ(choice("gzip, br;q=0.9"), gzip);
    EXPECT_EQ(choice("gzip, deflate, zstd"), gzip);
    EXPECT_EQ(choice("GZIP"), gzip);
    EXPECT_EQ(choice("x-gzip"), gzip);
    EXPECT_EQ(choice("*"), br);
    EXPECT_EQ(choice("br;q=0, *"), gzip);
    EXPECT_EQ(choice("*;q=0.5, gzip;q=0.6"), gzip);
    EXPECT_EQ(choice("identity, gzip"), gzip);
}

// RFC 9110 §12.5.3: what is not named, but identity, is not wanted.
TEST(ChooseContentCoding, takes_none_that_is_not_wanted) {
    EXPECT_EQ(choose_content_coding({}, Codings{br, gzip}), identity);
    EXPECT_EQ(choice(""), identity);
    EXPECT_EQ(choice("zstd, compress"), identity);
    EXPECT_EQ(choice("gzip;q=0"), identity);
    EXPECT_EQ(choice("identity, gzip;q=0.5"), identity);
    EXPECT_EQ(choice("gzip", {}), identity);
    EXPECT_EQ(choice("*;q=0.5, identity"), identity);
}

TEST(ChooseContentCoding, takes_nothing_where_nothing_is_wanted) {
    EXPECT_EQ(choice("identity;q=0"), std::nullopt);
    EXPECT_EQ(choice("*;q=0"), std::nullopt);
    EXPECT_EQ(choice("zstd, *;q=0"), std::nullopt);
    EXPECT_EQ(choice("identity;q=0, gzip"), gzip);
    EXPECT_EQ(choice("*;q=0, identity"), identity);
}

TEST(CodingError, names_the_coding_and_what_was_expected) {
    EXPECT_EQ(
        describe(content_codings({{"Content-Encoding", "gzip, compress\x80"}}).error()),
        "'compress\\x80' is no content coding known here: identity, gzip, deflate, br, zstd are");
    EXPECT_EQ(describe({CodingProblem::corrupt, "gzip", "incorrect data check"}),
              "'gzip' data is corrupt: incorrect data check");
    EXPECT_EQ(describe({CodingProblem::cut_off, "br"}), "'br' data ends before its end is marked");
    const CodingError error(CodingProblem::unknown_coding, Bytes(8000, 'x'));
    EXPECT_EQ(error.culprit.size(), CodingError::culprit_bytes_max);
}

TEST(CodingError, has_a_line_for_each_problem) {
    using enum CodingProblem;
    for (const CodingProblem problem :
         {unknown_coding, too_many_codings, corrupt, cut_off, trailing_data, too_large,
          ratio_exceeded, too_many_members, window_too_large}) {
        EXPECT_GT(describe({problem, "gzip"}).size(), 20u);
    }
}

TEST(CodingError, status_says_whose_fault_it_is) {
    EXPECT_EQ(status_for(CodingProblem::unknown_coding), 415);
    EXPECT_EQ(status_for(CodingProblem::too_many_codings), 415);
    EXPECT_EQ(status_for(CodingProblem::ratio_exceeded), 413);
    EXPECT_EQ(status_for(CodingProblem::too_large), 413);
    EXPECT_EQ(status_for(CodingProblem::corrupt), 400);
    EXPECT_EQ(status_for(CodingProblem::cut_off), 400);
}

}  // namespace
}  // namespace weft::http
