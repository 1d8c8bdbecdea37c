// SPDX-License-Identifier: Apache-2.0
// What is written in tokens, quoted strings and parameters: media types, dispositions, entity tags,
// preferences.
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/http/content_disposition.hpp>
#include <weft/http/entity_tag.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_date.hpp>
#include <weft/http/media_type.hpp>
#include <weft/http/multi_dict.hpp>
#include <weft/http/preferences.hpp>

namespace weft::http {
namespace {

using namespace std::string_view_literals;

MediaType media_type(std::string_view text) {
    const auto found = MediaType::parse(text);
    EXPECT_TRUE(found) << text;
    return found.value_or(MediaType());
}
MultiDict parameters_of(std::string_view parameters) {
    return media_type("a/b" + std::string(parameters)).parameters;
}

TEST(MediaType, has_type_subtype_and_parameters) {
    const MediaType type = media_type(" Text/HTML ; Charset=UTF-8 ;x=\"a;b\"");
    EXPECT_EQ(type.type, "text");
    EXPECT_EQ(type.subtype, "html");
    EXPECT_EQ(type.essence(), "text/html");
    EXPECT_EQ(type.charset(), "UTF-8");
    EXPECT_EQ(type.parameters, (MultiDict{{"charset", "UTF-8"}, {"x", "a;b"}}));
    EXPECT_EQ(media_type("application/vnd.api+json").charset(), std::nullopt);
}

TEST(MediaType, refuses_what_is_none) {
    for (const auto text : {""sv, "text"sv, "text/"sv, "/html"sv, "/"sv, "text/html/x"sv,
                            "t ext/html"sv, "text /html"sv, "text/ html"sv, ";charset=utf-8"sv,
                            "text;html"sv, "text/html, text/plain"sv, "t\xc3\xa9xt/html"sv,
                            "text/ht\0ml"sv, "\"text\"/html"sv, "(text)/html"sv}) {
        const auto found = MediaType::parse(text);
        ASSERT_FALSE(found) << text;
        EXPECT_EQ(found.error().problem, FieldProblem::bad_media_type);
    }
    EXPECT_EQ(describe(MediaType::parse("text").error()),
              "'text' is no media type, which is TYPE/SUBTYPE");
    EXPECT_EQ(MediaType::parse(std::string(8000, 'x')).error().culprit.size(),
              FieldError::culprit_bytes_max);
}

// RFC 9110 §5.6.4.
TEST(MediaType, quoted_strings_hold_anything) {
    EXPECT_EQ(parameters_of(";x=\"a b\"").get("x"), "a b");
    EXPECT_EQ(parameters_of(";x=\"a\\\"b\\\\c\\d\"").get("x"), "a\"b\\cd");
    EXPECT_EQ(parameters_of(";x=\"\"").get("x"), "");
    EXPECT_EQ(parameters_of(";x=\"=;,\";y=1").get("y"), "1");
    EXPECT_EQ(parameters_of(";x=\"a\xc3\xa9\"").get("x"), "a\xc3\xa9");
}

// WHATWG MIME Sniffing §4.4: what is no parameter harms no other one.
TEST(MediaType, leaves_out_what_is_no_parameter) {
    EXPECT_EQ(parameters_of(";"), MultiDict());
    EXPECT_EQ(parameters_of(";;;charset=utf-8;"), (MultiDict{{"charset", "utf-8"}}));
    EXPECT_EQ(parameters_of(";x;charset=utf-8"), (MultiDict{{"charset", "utf-8"}}));
    EXPECT_EQ(parameters_of(";=x;charset=utf-8"), (MultiDict{{"charset", "utf-8"}}));
    EXPECT_EQ(parameters_of(";x=;charset=utf-8"), (MultiDict{{"charset", "utf-8"}}));
    EXPECT_EQ(parameters_of(";x y=1;charset=utf-8"), (MultiDict{{"charset", "utf-8"}}));
    EXPECT_EQ(parameters_of(";x=\"a\x01\";charset=utf-8"), (MultiDict{{"charset", "utf-8"}}));
    EXPECT_EQ(parameters_of(";charset=\"utf-8\"x;y=1"),
              (MultiDict{{"charset", "utf-8"}, {"y", "1"}}));
    EXPECT_EQ(parameters_of(";charset=utf-8\r\nX: y"), MultiDict());
}

TEST(MediaType, quoted_string_may_lack_its_end) {
    EXPECT_EQ(parameters_of(";x=\"a;y=1"), (MultiDict{{"x", "a;y=1"}}));
    EXPECT_EQ(parameters_of(";x=\"a\\"), (MultiDict{{"x", "a\\"}}));
    EXPECT_EQ(parameters_of(";x=\""), (MultiDict{{"x", ""}}));
}

// Two boundaries: some take the first one and some the last one, so both must be seen.
TEST(MediaType, keeps_a_parameter_that_comes_twice) {
    const MultiDict parameters = parameters_of(";charset=a;charset=b");
    EXPECT_EQ(parameters.get("charset"), "a");
    EXPECT_EQ(parameters.getall("charset").size(), 2u);
}

TEST(MediaType, parameters_are_limited) {
    std::string text = "a/b";
    for (std::size_t count = 0; count < MediaType::parameters_max; ++count) text += ";x=1";
    EXPECT_EQ(media_type(text).parameters.size(), MediaType::parameters_max);
    EXPECT_EQ(MediaType::parse(text + ";y=2").error().problem, FieldProblem::too_many_parameters);
}

TEST(MediaType, writes_what_it_reads) {
    const MediaType type{"text", "html", {{"charset", "utf-8"}, {"x", "a \"b\" \\"}, {"y", ""}}};
    EXPECT_EQ(type.to_string(), R"(text/html; charset=utf-8; x="a \"b\" \\"; y="")");
    EXPECT_EQ(media_type(type.to_string()), type);
}

TEST(MediaType, writes_nothing_that_could_be_another_header) {
    EXPECT_THROW((void)MediaType("text", "html\r\nX: y", {}).to_string(), ValueError);
    EXPECT_THROW((void)MediaType("", "html", {}).to_string(), ValueError);
    EXPECT_THROW((void)MediaType("text", "html", {{"x", "\r\nX: y"}}).to_string(), ValueError);
    EXPECT_THROW((void)MediaType("text", "html", {{"x;y", "z"}}).to_string(), ValueError);
}

std::optional<std::string> filename_in(std::string_view text) {
    const auto found = ContentDisposition::parse(text);
    EXPECT_TRUE(found) << text;
    return found ? found->filename() : std::nullopt;
}

TEST(ContentDisposition, reads_forms_and_files) {
    const auto form = ContentDisposition::parse("Form-Data; name=\"a b\"; filename=\"c.txt\"");
    ASSERT_TRUE(form);
    EXPECT_EQ(form->type, "form-data");
    EXPECT_EQ(form->name(), "a b");
    EXPECT_EQ(form->filename(), "c.txt");
    EXPECT_EQ(filename_in("attachment"), std::nullopt);
    EXPECT_EQ(filename_in("attachment; filename=plain.txt"), "plain.txt");
    EXPECT_EQ(filename_in("inline; filename=\"\""), "");
    for (const auto text : {""sv, ";name=a"sv, "form data"sv, "a/b"sv, "\"x\""sv}) {
        EXPECT_EQ(ContentDisposition::parse(text).error().problem, FieldProblem::bad_disposition);
    }
}

// Chrome and Firefox write a backslash as it is, RFC 9110 would have it escape.
TEST(ContentDisposition, backslash_escapes_quotes_only) {
    EXPECT_EQ(filename_in(R"(form-data; filename="C:\temp\a.txt")"), R"(C:\temp\a.txt)");
    EXPECT_EQ(filename_in(R"(form-data; filename="a\"b\\c")"), R"(a"b\c)");
    EXPECT_EQ(filename_in(R"(form-data; filename="a\")"), "a\"");
}

// RFC 8187 §3.2, its examples among them.
TEST(ContentDisposition, extended_name_counts_before_the_plain_one) {
    EXPECT_EQ(filename_in("attachment; filename=\"EURO\"; filename*=utf-8''%e2%82%ac%20rates"),
              "\xe2\x82\xac rates");
    EXPECT_EQ(filename_in("attachment; filename*=UTF-8'en'a.txt; filename=b.txt"), "a.txt");
    EXPECT_EQ(filename_in("attachment; filename*=iso-8859-1'en'%A3%20rates"), "\xc2\xa3 rates");
}

TEST(ContentDisposition, extended_name_that_cannot_be_read_does_not_count) {
    for (const std::string_view value : {"a.txt", "utf-8'a.txt", "koi8-r''a", "utf-8''%ff",
                                         "utf-8''%c0%80", "utf-8''%00", "utf-8''a%0d%0aX", "''a"}) {
        EXPECT_EQ(filename_in("attachment; filename=b.txt; filename*=" + std::string(value)),
                  "b.txt")
            << value;
        EXPECT_EQ(filename_in("attachment; filename*=" + std::string(value)), std::nullopt);
    }
}

TEST(ContentDisposition, writes_both_spellings_of_a_name) {
    EXPECT_EQ(content_disposition("attachment", "report.pdf"),
              "attachment; filename=\"report.pdf\"");
    EXPECT_EQ(content_disposition("attachment", "\xe2\x82\xac rates"),
              "attachment; filename=\"___ rates\"; filename*=UTF-8''%E2%82%AC%20rates");
    for (const auto name : {"a.txt"sv, "a b"sv, "a\"b"sv, "a\\b"sv, "100%"sv, "a;b"sv, "a'b*"sv,
                            "\xc3\xa9t\xc3\xa9"sv, ""sv}) {
        EXPECT_EQ(filename_in(content_disposition("inline", name)), name);
    }
}

// CVE-2026-34514 and -50269 (aiohttp): a name of a file that ends the header.
TEST(ContentDisposition, writes_no_name_with_control_bytes) {
    for (const auto name : {"a\r\nX: y"sv, "a\nb"sv, "a\0b"sv, "a\x7f"sv}) {
        EXPECT_THROW((void)content_disposition("attachment", name), ValueError);
    }
    EXPECT_THROW((void)content_disposition("attachment", "\xff"), ValueError);
    EXPECT_THROW((void)content_disposition("attachment; x=y", "a"), ValueError);
    Headers headers;
    headers.add("Content-Disposition", content_disposition("attachment", "report.pdf"));
}

TEST(EntityTag, reads_what_it_writes) {
    EXPECT_EQ(EntityTag::parse("\"xyzzy\""), (EntityTag{"xyzzy", false}));
    EXPECT_EQ(EntityTag::parse(" W/\"xyzzy\" "), (EntityTag{"xyzzy", true}));
    EXPECT_EQ(EntityTag::parse("\"\""), (EntityTag{"", false}));
    EXPECT_EQ(EntityTag("a\\b", true).to_string(), "W/\"a\\b\"");
    EXPECT_EQ(EntityTag::parse("\"a\\b\xc3\xa9\"")->to_string(), "\"a\\b\xc3\xa9\"");
    for (const auto text : {""sv, "\""sv, "xyzzy"sv, "w/\"a\""sv, "\"a\"b\""sv, "\"a b\""sv,
                            "W/ \"a\""sv, "\"a\\\"\"x"sv, "\"a\n\""sv, "*"sv, "\"a\",\"b\""sv}) {
        EXPECT_EQ(EntityTag::parse(text).error().problem, FieldProblem::bad_entity_tag) << text;
    }
    EXPECT_THROW((void)EntityTag("a\"b").to_string(), ValueError);
    EXPECT_THROW((void)EntityTag("a\r\n").to_string(), ValueError);
}

// RFC 9110 §8.8.3.2, the table.
TEST(EntityTag, compares_in_two_ways) {
    const EntityTag weak{"1", true};
    const EntityTag strong{"1", false};
    const EntityTag other{"2", true};
    EXPECT_FALSE(is_strongly_equal(weak, weak));
    EXPECT_TRUE(is_weakly_equal(weak, weak));
    EXPECT_FALSE(is_weakly_equal(weak, other));
    EXPECT_FALSE(is_strongly_equal(weak, strong));
    EXPECT_FALSE(is_strongly_equal(strong, weak));
    EXPECT_TRUE(is_weakly_equal(weak, strong));
    EXPECT_TRUE(is_strongly_equal(strong, strong));
}

// RFC 9110 §13.1.5: parts of two versions must not become one file.
TEST(EntityTag, if_range_holds_for_the_same_bytes_only) {
    const EntityTag tag{"a", false};
    const auto time = *parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_TRUE(if_range_holds("\"a\"", tag, time));
    EXPECT_FALSE(if_range_holds("\"b\"", tag, time));
    EXPECT_FALSE(if_range_holds("W/\"a\"", tag, time));
    EXPECT_FALSE(if_range_holds("\"a\"", EntityTag{"a", true}, time));
    EXPECT_FALSE(if_range_holds("\"a\"", std::nullopt, time));
    EXPECT_TRUE(if_range_holds("Sun, 06 Nov 1994 08:49:37 GMT", tag, time));
    EXPECT_FALSE(if_range_holds("Sun, 06 Nov 1994 08:49:38 GMT", tag, time));
    EXPECT_FALSE(if_range_holds("Sun, 06 Nov 1994 08:49:37 GMT", tag, std::nullopt));
    EXPECT_FALSE(if_range_holds("", tag, time));
    EXPECT_FALSE(if_range_holds("*", tag, time));
}

std::vector<Preference> preferences_in(std::string_view value) {
    return preferences({{"Accept", value}}, "accept");
}

TEST(Preferences, have_a_quality) {
    EXPECT_EQ(preferences_in("text/html;level=1;q=0.5, */*;Q=0.123, gzip ;q=0"),
              (std::vector<Preference>{
                  {"text/html", {{"level", "1"}}, 500}, {"*/*", {}, 123}, {"gzip", {}, 0}}));
    EXPECT_EQ(preferences_in("A;q=1, b;q=1.000, c;q=0.7, d;q=1."),
              (std::vector<Preference>{{"a"}, {"b"}, {"c", {}, 700}, {"d"}}));
    EXPECT_EQ(preferences_in("a;x=\"b,c;q=0\",d"),
              (std::vector<Preference>{{"a", {{"x", "b,c;q=0"}}}, {"d"}}));
}

TEST(Preferences, of_all_fields_count) {
    EXPECT_EQ(preferences({{"Accept", "a"}, {"X", "y"}, {"accept", "b, c"}}, "Accept"),
              (std::vector<Preference>{{"a"}, {"b"}, {"c"}}));
}

TEST(Preferences, that_are_none_are_left_out) {
    for (const std::string_view element :
         {"", "a b", "a;q=2", "a;q=1.001", "a;q=0.1234", "a;q=-1", "a;q=.5", "a;q=x", "a;q=1e0",
          "a/b/c", "/", "a/", ";q=1", "a;q=+1", "a;q=00"}) {
        EXPECT_EQ(preferences_in(std::string(element) + ", ok"), (std::vector<Preference>{{"ok"}}))
            << element;
    }
    EXPECT_EQ(preferences_in("ok, \"a, b"), (std::vector<Preference>{{"ok"}}));
}

TEST(Preferences, are_limited) {
    std::string many;
    for (int count = 0; count < 1000; ++count) many += "a,";
    EXPECT_EQ(preferences_in(many).size(), 64u);
    EXPECT_EQ(preferences({{"Accept", many}, {"Accept", many}}, "Accept").size(), 64u);
}

std::optional<std::string_view> choice(std::string_view accept,
                                       const std::vector<std::string_view>& offers) {
    const auto index = choose_media_type({{"Accept", accept}}, offers);
    return index ? std::optional(offers.at(*index)) : std::nullopt;
}

TEST(ChooseMediaType, takes_the_one_of_the_highest_quality) {
    const std::vector<std::string_view> offers{"application/json", "text/html", "image/png"};
    EXPECT_EQ(choice("text/html, application/json;q=0.9", offers), "text/html");
    EXPECT_EQ(choice("text/html;q=0.8, application/json;q=0.9", offers), "application/json");
    EXPECT_EQ(choice("text/*, */*;q=0.1", offers), "text/html");
    EXPECT_EQ(choice("*/*", offers), "application/json");
    EXPECT_EQ(choice("text/html, application/json", offers), "application/json");
    EXPECT_EQ(choice("TEXT/HTML", offers), "text/html");
    EXPECT_EQ(choice("audio/*", offers), std::nullopt);
    EXPECT_EQ(choice("text/html;q=0", offers), std::nullopt);
}

// RFC 9110 §12.5.1, the table of its example.
TEST(ChooseMediaType, most_specific_preference_counts) {
    const std::string_view accept =
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, "
        "*/*;q=0.5";
    const std::vector<std::string_view> in_order{"text/plain;format=flowed", "text/plain",
                                                 "image/jpeg", "text/plain;format=fixed",
                                                 "text/html;level=3"};
    for (std::size_t best = 0; best < in_order.size(); ++best) {
        for (std::size_t other = best + 1; other < in_order.size(); ++other) {
            EXPECT_EQ(choice(accept, {in_order[other], in_order[best]}), in_order[best]);
        }
    }
    EXPECT_EQ(choice("*/*, text/html;q=0", {"text/html"}), std::nullopt);
}

TEST(ChooseMediaType, without_accept_takes_the_first) {
    const std::vector<std::string_view> offers{"application/json", "text/html"};
    EXPECT_EQ(choose_media_type({}, offers), 0u);
    EXPECT_EQ(choice("", offers), "application/json");
    EXPECT_EQ(choose_media_type({}, {}), std::nullopt);
    EXPECT_THROW((void)choice("*/*", {"json"}), ValueError);
}

}  // namespace
}  // namespace weft::http
