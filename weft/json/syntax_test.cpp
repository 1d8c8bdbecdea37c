// SPDX-License-Identifier: Apache-2.0
// What is JSON and what is not: the two parsers, against each other and against another program.
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <weft/json/internal/document.hpp>
#include <weft/json/internal/exact_parser.hpp>
#include <weft/json/internal/reading.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/internal/utf8.hpp>

namespace {

using namespace std::string_literals;
using weft::json::internal::append_input;
using weft::json::internal::Document;
using weft::json::internal::ExactParser;
using weft::json::internal::not_utf8;
using weft::json::internal::SyntaxFault;
using weft::json::internal::Tape;
using weft::json::internal::utf8_prefix;

constexpr std::size_t depth_max = 128;

std::string text_of(const std::expected<Tape, SyntaxFault>& parsed) {
    if (!parsed) return std::string(parsed.error().what) + " " + std::to_string(parsed.error().at);
    std::string text;
    EXPECT_TRUE(append_input(*parsed, parsed->root, 1 << 20, text));
    return text;
}
std::string parsed_fast(std::string_view text) {
    Document document;
    return text_of(document.parse(text, depth_max));
}
std::string parsed_exactly(std::string_view text) {
    ExactParser parser;
    return text_of(parser.parse(text, depth_max));
}

struct Case {
    std::string text;
    std::string result;
};

// The messages and places are those of CPython 3.13's json.loads(), of what it refuses, too.
TEST(Syntax, says_what_is_wrong_and_where_as_cpython) {
    const std::vector<Case> cases = {
        {"", "Expecting value 0"},
        {"  ", "Expecting value 2"},
        {"[", "Expecting value 1"},
        {"{", "Expecting property name enclosed in double quotes 1"},
        {"{\"a\"", "Expecting ':' delimiter 4"},
        {"{\"a\":", "Expecting value 5"},
        {"{\"a\":1", "Expecting ',' delimiter 6"},
        {"{\"a\":1,", "Expecting property name enclosed in double quotes 7"},
        {"{\"a\":1,}", "Illegal trailing comma before end of object 6"},
        {"{\"a\":1 , }", "Illegal trailing comma before end of object 7"},
        {"[1,]", "Illegal trailing comma before end of array 2"},
        {"[1,  ]", "Illegal trailing comma before end of array 2"},
        {"[1,", "Expecting value 3"},
        {"[1", "Expecting ',' delimiter 2"},
        {"[1 2]", "Expecting ',' delimiter 3"},
        {"[1,}", "Expecting value 3"},
        {"[,]", "Expecting value 1"},
        {"{,}", "Expecting property name enclosed in double quotes 1"},
        {"{\"a\" 1}", "Expecting ':' delimiter 5"},
        {"{1:2}", "Expecting property name enclosed in double quotes 1"},
        {"{'a':1}", "Expecting property name enclosed in double quotes 1"},
        {"{\"a\":1 \"b\"}", "Expecting ',' delimiter 7"},
        {"{\"a\":}", "Expecting value 5"},
        {"{\"a\":1}}", "Extra data 7"},
        {"1 2", "Extra data 2"},
        {"tru", "Expecting value 0"},
        {"[tru]", "Expecting value 1"},
        {"nul", "Expecting value 0"},
        {"True", "Expecting value 0"},
        {"nullx", "Extra data 4"},
        {"01", "Extra data 1"},
        {"[01]", "Expecting ',' delimiter 2"},
        {"1.", "Extra data 1"},
        {"-", "Expecting value 0"},
        {"-a", "Expecting value 0"},
        {"+1", "Expecting value 0"},
        {".5", "Expecting value 0"},
        {"1e", "Extra data 1"},
        {"1e+", "Extra data 1"},
        {"1.5e", "Extra data 3"},
        {"0x10", "Extra data 1"},
        {"\"abc", "Unterminated string starting at 0"},
        {"[\"abc", "Unterminated string starting at 1"},
        {"\"a\nb\"", "Invalid control character at 2"},
        {"\"\x1f\"", "Invalid control character at 1"},
        {"\"a\0b\""s, "Invalid control character at 2"},
        {"\"\\", "Unterminated string starting at 0"},
        {"\"\\x\"", "Invalid \\escape 1"},
        {"{\"a\\q\":1}", "Invalid \\escape 3"},
        {"\"\\u12\"", "Invalid \\uXXXX escape 2"},
        {"\"\\u12", "Invalid \\uXXXX escape 2"},
        {"\"\\u12g4\"", "Invalid \\uXXXX escape 2"},
        {"\"\\u-123\"", "Invalid \\uXXXX escape 2"},
        {"\"\\u1234", "Invalid \\uXXXX escape 2"},
        {"\"\\u", "Invalid \\uXXXX escape 2"},
        {"\"\\ud800\\u12\"", "Invalid \\uXXXX escape 8"},
        {"1\0"s, "Extra data 1"},
        {"/*x*/1", "Expecting value 0"},
        // What CPython takes and RFC 8259 does not.
        {"NaN", "Expecting value 0"},
        {"[Infinity]", "Expecting value 1"},
        {"-Infinity", "Expecting value 0"},
        // RFC 8259 §8.2 leaves it open; no UTF-8 can be made of them.
        {"\"\\ud800\"", "Invalid \\uXXXX escape 2"},
        {"\"\\udc00\"", "Invalid \\uXXXX escape 2"},
        {"\"\\uDFFF\\uDFFF\"", "Invalid \\uXXXX escape 2"},
        {"\"\\ud800\\ud800\"", "Invalid \\uXXXX escape 2"},
        {"\"\\ud800x\"", "Invalid \\uXXXX escape 2"},
        {"\"\\\\\\udc00\"", "Invalid \\uXXXX escape 4"},
        {"[\"\\ud83d\\ude00\",\"\\ude00\"]", "Invalid \\uXXXX escape 18"},
        // RFC 3629
        {"\"\xff\"", std::string(not_utf8) + " 1"},
        {"\"\xc0\x80\"", std::string(not_utf8) + " 1"},
        {"\"\xed\xa0\x80\"", std::string(not_utf8) + " 1"},
        {"\"\xf4\x90\x80\x80\"", std::string(not_utf8) + " 1"},
        {"\"ab\xe2\x82", std::string(not_utf8) + " 3"},
    };
    for (const auto& [text, result] : cases) {
        EXPECT_EQ(parsed_fast(text), result) << text;
        EXPECT_EQ(parsed_exactly(text), result) << text;
    }
}

TEST(Syntax, takes_what_is_json) {
    const std::vector<Case> cases = {
        {"null", "null"},
        {" [ true , false ] ", "[true,false]"},
        {"\t\r\n{ }\n", "{}"},
        {"[]", "[]"},
        {"[[],{},[{}]]", "[[],{},[{}]]"},
        {"{\"\":0,\"a\":{\"b\":[1]}}", "{\"\":0,\"a\":{\"b\":[1]}}"},
        {"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"},
        {"-0", "0"},
        {"-0.0", "-0.0"},
        {"0e1", "0.0"},
        {"1E+2", "100.0"},
        {"1e-2", "0.01"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "9223372036854775808"},
        {"18446744073709551615", "18446744073709551615"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"5e-324", "5e-324"},
        {"1e-400", "0.0"},
        {"-1e-400", "-0.0"},
        {"0.1", "0.1"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "\"Aé€😀\""},
        {"\"\\u0000\"", "\"\\u0000\""},
        {"\"\xc3\xa9 \xf0\x9f\x98\x80\"", "\"é 😀\""},
        {"\"\x7f\"", "\"\x7f\""},
        {"\"\xef\xbb\xbf\"", "\"\xef\xbb\xbf\""},
        {"\"\\\\u\\\\ud800\"", "\"\\\\u\\\\ud800\""},
    };
    for (const auto& [text, result] : cases) {
        EXPECT_EQ(parsed_fast(text), result) << text;
        EXPECT_EQ(parsed_exactly(text), result) << text;
    }
}

// simdjson refuses a text for these, the other parser then takes it all.
TEST(Syntax, keeps_numbers_that_are_too_big) {
    for (const std::string number :
         {"18446744073709551616", "-9223372036854775809", "1e400", "-1e400", "1.5E309",
          "123456789012345678901234567890", "1e99999999999999999999"}) {
        EXPECT_EQ(parsed_fast(number), number);
        EXPECT_EQ(parsed_fast("[1,\"a\"," + number + ",{}]"), "[1,\"a\"," + number + ",{}]");
    }
    EXPECT_EQ(parsed_fast("[1e-99999999999999999999,0e400,1e400]"), "[0.0,0.0,1e400]");
    EXPECT_EQ(parsed_fast("[0." + std::string(400, '0') + "1e401,1e400]"), "[1.0,1e400]");
    EXPECT_EQ(parsed_fast("[1" + std::string(400, '0') + "e-400,1e400]"), "[1.0,1e400]");
}

// A byte order mark counts in the places of errors.
TEST(Syntax, takes_a_byte_order_mark_before_the_text) {
    EXPECT_EQ(parsed_fast("\xef\xbb\xbf[1]"), "[1]");
    EXPECT_EQ(parsed_fast("\xef\xbb\xbf[1"), "Expecting ',' delimiter 5");
    EXPECT_EQ(parsed_fast("[\xef\xbb\xbf]"), "Expecting value 1");
}

TEST(Syntax, refuses_what_lies_deeper_than_the_limit) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_EQ(parsed_fast(nested(depth_max)), nested(depth_max));
    EXPECT_EQ(parsed_fast(nested(depth_max + 1)), "recursion limit exceeded 128");
    EXPECT_EQ(parsed_exactly(nested(depth_max)), nested(depth_max));
    EXPECT_EQ(parsed_fast(std::string(1'000'000, '[')), "recursion limit exceeded 128");
    std::string objects;
    for (std::size_t i = 0; i <= depth_max; ++i) objects += "{\"a\":";
    EXPECT_EQ(parsed_fast(objects), "recursion limit exceeded 640");
    Document document;
    EXPECT_FALSE(document.parse("[[]]", 1));
    EXPECT_TRUE(document.parse("[[]]", 2));
    EXPECT_FALSE(document.parse("[[]]", 1));
    EXPECT_TRUE(document.parse("1", 1));
}

TEST(Syntax, a_text_that_is_cut_anywhere_is_refused) {
    const std::string text = R"({"a":[1,-2.5e3,true,null,"\u00e9\n\ud83d\ude00 é"],"b":{"c":{}}})";
    for (std::size_t size = 0; size < text.size(); ++size) {
        Document document;
        ExactParser exact;
        EXPECT_FALSE(document.parse(text.substr(0, size), depth_max)) << size;
        EXPECT_FALSE(exact.parse(text.substr(0, size), depth_max)) << size;
    }
    EXPECT_EQ(parsed_fast(text), parsed_exactly(text));
}

TEST(Syntax, a_document_is_used_again_within_another) {
    Document outer;
    const auto first = outer.parse("[1,2]", depth_max);
    EXPECT_EQ(parsed_fast("{\"a\":3}"), "{\"a\":3}");
    EXPECT_EQ(text_of(first), "[1,2]");
}

TEST(Syntax, memory_for_a_long_text_is_not_kept) {
    const std::string text = "[" + std::string(2 * Document::kept_bytes_max, ' ') + "1]";
    EXPECT_EQ(parsed_fast(text), "[1]");
    EXPECT_EQ(parsed_fast("[2]"), "[2]");
}

// Goal:   both parsers and nlohmann agree on what is JSON.
// Method: texts with some bytes changed, half of which are still right.
TEST(Syntax, agrees_with_another_library_about_changed_texts) {
    const std::string seed =
        R"({"a":[1,-2.5e3,0.1,true,null,"\u00e9\n\ud83d\ude00 é"],"b":{"c":{},"d":[[]]},"e":12})";
    constexpr std::string_view bytes = "{}[]\",:\\u0e-+.1 tfnd8\x80\xc3\n";
    std::mt19937 random(1);
    std::array<int, 2> verdicts{};
    for (int round = 0; round < 20'000; ++round) {
        std::string text = seed;
        for (std::uint32_t changes = 1 + random() % 3; changes > 0; --changes) {
            const std::size_t at = random() % text.size();
            const char byte = bytes[random() % bytes.size()];
            if (random() % 3 == 0) {
                text[at] = byte;
            } else if (random() % 2 == 0) {
                text.insert(at, 1, byte);
            } else {
                text.erase(at, 1);
            }
        }
        Document document;
        ExactParser exact;
        const auto fast = document.parse(text, depth_max);
        const auto slow = exact.parse(text, depth_max);
        ASSERT_EQ(fast.has_value(), slow.has_value()) << text;
        ASSERT_EQ(fast.has_value(), nlohmann::json::accept(text)) << text;
        ASSERT_EQ(text_of(fast), text_of(slow)) << text;
        ++verdicts[fast.has_value() ? 1 : 0];
    }
    EXPECT_GT(verdicts[0], 1000);
    EXPECT_GT(verdicts[1], 1000);
}

// The texts of JSONTestSuite, by name; the two that are too long for a line of its file last.
std::vector<Case> test_suite() {
    std::vector<Case> cases;
    std::ifstream file(WEFT_JSON_TEST_SUITE);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        const std::size_t space = line.find(' ');
        std::string text;
        for (std::size_t at = space + 1; at < line.size(); ++at) {
            const bool is_plain = line[at] != '\\';
            text += is_plain ? line[at]
                             : static_cast<char>(std::stoi(line.substr(at + 1, 3), nullptr, 8));
            if (!is_plain) at += 3;
        }
        cases.push_back({line.substr(0, space), text});
    }
    std::string objects;
    for (int i = 0; i < 50'000; ++i) objects += "[{\"\":";
    cases.push_back({"n_structure_100000_opening_arrays", std::string(100'000, '[')});
    cases.push_back({"n_structure_open_array_object", objects + "\n"});
    return cases;
}

// What each parser may decide: numbers of any size and a byte order mark are taken; what is no UTF-8, half
// a surrogate pair, and what lies too deep are not.
TEST(Syntax, gives_the_verdicts_of_the_public_test_suite) {
    const std::vector<Case> cases = test_suite();
    ASSERT_EQ(cases.size(), 318U);
    for (const auto& [name, text] : cases) {
        const bool has_mark = name == "i_structure_UTF-8_BOM_empty_object";
        const bool is_free_to_be_taken = name.starts_with("i_number_") || has_mark;
        const bool is_json = name.starts_with("y_") || is_free_to_be_taken;
        Document document;
        ExactParser exact;
        const auto fast = document.parse(text, depth_max);
        EXPECT_EQ(fast.has_value(), is_json) << name;
        // The document has taken the mark away for this one.
        EXPECT_EQ(exact.parse(text, depth_max).has_value(), is_json && !has_mark) << name;
        if (!fast) continue;
        const std::string again = text_of(fast);
        EXPECT_EQ(parsed_fast(again), again) << name;
        if (is_free_to_be_taken) continue;  // nlohmann has no type for such numbers
        EXPECT_EQ(nlohmann::json::parse(again), nlohmann::json::parse(text)) << name;
    }
}

TEST(Utf8, each_two_bytes_are_judged_as_by_the_other_parser) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            for (const std::string_view rest : {"", "\x80", "\x80\x80", "a"}) {
                const std::string text = std::string(1, static_cast<char>(first)) +
                                         static_cast<char>(second) + std::string(rest);
                ASSERT_EQ(utf8_prefix(text) == text.size(), weft::json::internal::is_utf8(text))
                    << first << " " << second;
            }
        }
    }
}

}  // namespace
