// SPDX-License-Identifier: Apache-2.0
// Literals, unions that a field tells apart, patterns. The errors are those of pydantic 2.13.
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/json/field.hpp>
#include <weft/json/literal.hpp>
#include <weft/json/read.hpp>
#include <weft/json/read_options.hpp>
#include <weft/json/validation_error.hpp>
#include <weft/json/write.hpp>

namespace {

namespace json = weft::json;
using json::Annotated;
using json::dumps;
using json::Field;
using json::Literal;
using json::loads;

template <class T>
std::string kinds(std::string_view text, const json::ReadOptions& options = {}) {
    const auto value = json::read<T>(text, options);
    std::string found;
    if (value) return dumps(*value);
    for (const auto& error : value.error().errors) {
        if (!found.empty()) found += ", ";
        if (!error.loc.empty()) found += json::describe(error.loc) + ": ";
        found += error.type;
    }
    return found;
}
template <class T>
std::string message(std::string_view text, const json::ReadOptions& options = {}) {
    const auto value = json::read<T>(text, options);
    return value ? "none"
                 : value.error().errors.front().msg + " " + value.error().errors.front().ctx;
}

struct Cat {
    Literal<"cat", "lion"> kind;
    int lives;
};
bool operator==(const Cat& a, const Cat& b) { return a.kind == b.kind && a.lives == b.lives; }

TEST(Literals, are_one_of_their_texts) {
    Cat cat{.kind = "lion", .lives = 9};
    EXPECT_EQ(cat.kind, "lion");
    EXPECT_EQ(cat.kind, std::string("lion"));
    EXPECT_NE(cat.kind, "cat");
    EXPECT_NE(cat.kind, "dog");
    EXPECT_EQ(cat.kind.view(), "lion");
    EXPECT_EQ(Cat().kind, "cat");
    cat.kind = "cat";
    EXPECT_EQ(dumps(cat), R"({"kind":"cat","lives":9})");
    EXPECT_THROW(cat.kind = "dog", weft::ValueError);
    EXPECT_EQ(cat.kind, "cat");
}

TEST(Literals, are_read_by_their_text_alone) {
    EXPECT_EQ(kinds<Cat>(R"({"kind":"lion","lives":1})"), R"({"kind":"lion","lives":1})");
    EXPECT_EQ(kinds<Cat>(R"({"lives":1})"), "kind: missing");
    EXPECT_EQ(kinds<Cat>(R"({"kind":1,"lives":1})"), "kind: literal_error");
    EXPECT_EQ((message<Literal<"a", "b">>(R"("c")")),
              R"(Input should be 'a' or 'b' {"expected":"'a' or 'b'"})");
    EXPECT_EQ((kinds<std::variant<Literal<"a", "b">, int>>("null")),
              "literal['a','b']: literal_error, int: int_type");
}

struct Dog {
    Literal<"dog"> kind;
    std::vector<int> bones;
    friend bool operator==(const Dog&, const Dog&) = default;
};
using Pet = std::variant<Cat, Dog>;
struct Owner {
    Annotated<std::variant<Cat, Dog>, Field{.discriminator = "kind"}> pet;
};

TEST(Tagged, unions_are_read_by_their_tag) {
    EXPECT_EQ(loads<Owner>(R"({"pet":{"kind":"cat","lives":9}})").pet, Pet(Cat{"cat", 9}));
    EXPECT_EQ(loads<Owner>(R"({"pet":{"lives":9,"kind":"lion"}})").pet, Pet(Cat{"lion", 9}));
    EXPECT_EQ(loads<Owner>(R"({"pet":{"kind":"dog","bones":[1]}})").pet, Pet(Dog{"dog", {1}}));
    EXPECT_EQ(dumps(Owner{.pet = Pet(Dog{.kind = "dog", .bones = {2}})}),
              R"({"pet":{"kind":"dog","bones":[2]}})");
}

TEST(Tagged, the_last_tag_counts) {
    EXPECT_EQ(kinds<Owner>(R"({"pet":{"kind":"cat","lives":9,"bones":[],"kind":"dog"}})"),
              R"({"pet":{"kind":"dog","bones":[]}})");
}

TEST(Tagged, errors_are_of_the_alternative_that_the_tag_says) {
    EXPECT_EQ(kinds<Owner>(R"({"pet":{"kind":"lion"}})"), "pet.lion.lives: missing");
    EXPECT_EQ(kinds<Owner>(R"({"pet":{"kind":"dog","bones":[1,"x"]}})"),
              "pet.dog.bones.1: int_parsing");
    EXPECT_EQ(kinds<Owner>(R"({"pet":{"lives":9}})"), "pet: union_tag_not_found");
    EXPECT_EQ(kinds<Owner>(R"({"pet":{"kind":"fish"}})"), "pet: union_tag_invalid");
    EXPECT_EQ(kinds<Owner>(R"({"pet":1})"), "pet: model_attributes_type");
    EXPECT_EQ(kinds<Owner>(R"({"pet":null})"), "pet: model_attributes_type");
    EXPECT_EQ(kinds<Owner>("{}"), "pet: missing");
}

TEST(Tagged, messages_name_the_tag_and_those_that_are_expected) {
    EXPECT_EQ(message<Owner>(R"({"pet":{}})"),
              "Unable to extract tag using discriminator 'kind' "
              R"({"discriminator":"'kind'"})");
    EXPECT_EQ(message<Owner>(R"({"pet":{"kind":"fi\"sh"}})"),
              "Input tag 'fi\"sh' found using 'kind' does not match any of the expected tags: "
              R"('cat', 'lion', 'dog' {"discriminator":"'kind'","tag":"fi\"sh",)"
              R"("expected_tags":"'cat', 'lion', 'dog'"})");
    EXPECT_TRUE(message<Owner>(R"({"pet":{"kind":1}})").starts_with("Input tag '1' found"));
    EXPECT_TRUE(message<Owner>(R"({"pet":{"kind":""}})").starts_with("Input tag '' found"));
    const std::string longest(2000, 'x');
    EXPECT_TRUE(message<Owner>(R"({"pet":{"kind":")" + longest + R"("}})")
                    .starts_with("Input tag '…' found"));
}

TEST(Tagged, a_tag_is_known_by_its_alias) {
    struct Named {
        Annotated<Literal<"n">, Field{.alias = "@type"}> type;
    };
    struct Other {
        Annotated<Literal<"o">, Field{.alias = "@type"}> type;
        int more;
    };
    using Either = Annotated<std::variant<Named, Other>, Field{.discriminator = "@type"}>;
    EXPECT_EQ(kinds<Either>(R"({"@type":"o","more":1})"), R"({"@type":"o","more":1})");
    EXPECT_EQ(kinds<std::vector<Either>>(R"([{"@type":"n"},{"type":"n"}])"),
              "1: union_tag_not_found");
}

struct Leaf {
    Literal<"leaf"> kind;
    int value;
};
struct Branch;
using Tree = Annotated<std::variant<Leaf, Branch>, Field{.discriminator = "kind"}>;
struct Branch {
    Literal<"branch"> kind;
    std::vector<Tree> children;
};

TEST(Tagged, unions_contain_themselves_without_taking_exponential_time) {
    std::string text = R"({"kind":"leaf","value":"x"})";
    for (int i = 0; i < 60; ++i) text = R"({"kind":"branch","children":[)" + text + "]}";
    const auto tree = json::read<Tree>(text);
    ASSERT_FALSE(tree);
    ASSERT_EQ(tree.error().errors.size(), 1U);
    EXPECT_EQ(tree.error().errors.front().type, "int_parsing");
    EXPECT_EQ(tree.error().errors.front().loc.size(), 60U * 3 + 2);
}

TEST(Tagged, alternatives_of_a_plain_union_may_be_unions_by_a_tag) {
    using Either = std::variant<int, Annotated<Pet, Field{.discriminator = "kind"}>>;
    EXPECT_EQ(kinds<Either>(R"({"kind":"cat","lives":9})"), R"({"kind":"cat","lives":9})");
    EXPECT_EQ(kinds<Either>("\"7\""), "7");
}

// ---- patterns

template <Field F>
using Text = Annotated<std::string, F>;

TEST(Patterns, match_any_part_of_a_string_unless_bound) {
    using Word = Text<Field{.pattern = "^[a-zäöü]+$"}>;
    EXPECT_EQ(kinds<Word>(R"("grün")"), R"("grün")");
    for (const std::string_view wrong :
         {R"("")", R"("a b")", R"("a\n")", R"("\na")", R"("a\u0000")"}) {
        EXPECT_EQ(kinds<Word>(wrong), "string_pattern_mismatch") << wrong;
    }
    EXPECT_EQ(kinds<Text<Field{.pattern = "b+"}>>(R"("abba")"), R"("abba")");
    EXPECT_EQ(kinds<Text<Field{.pattern = "^.$"}>>(R"("€")"), R"("€")");
    EXPECT_EQ(kinds<Word>("1"), "string_type");
}

TEST(Patterns, are_told_after_lengths_and_reach_through_optional) {
    constexpr Field both{.max_length = 2, .pattern = "^a"};
    EXPECT_EQ(kinds<Text<both>>(R"("bbb")"), "string_too_long");
    EXPECT_EQ((message<Annotated<std::optional<std::string>, both>>(R"("b")")),
              R"(String should match pattern '^a' {"pattern":"^a"})");
}

// Goal:   hostile texts take linear time.
// Method: a text that takes 2^n steps in engines that go back.
TEST(Patterns, take_linear_time) {
    using Nested = Text<Field{.pattern = "^(a+)+$"}>;
    EXPECT_EQ(kinds<Nested>('"' + std::string(100'000, 'a') + "b\""), "string_pattern_mismatch");
}

TEST(PatternsDeathTest, that_are_none_end_the_program) {
    using Broken = Text<Field{.pattern = "(a"}>;
    EXPECT_DEATH(static_cast<void>(json::read<Broken>(R"("a")")), "pattern '\\(a' is no regular");
}

// ---- strict reading

struct Row {
    int count;
    double share;
    bool on;
};

TEST(Strict, reading_converts_nothing) {
    constexpr json::ReadOptions strict{.strict = true};
    EXPECT_EQ(kinds<Row>(R"({"count":1,"share":2,"on":true})", strict),
              R"({"count":1,"share":2.0,"on":true})");
    EXPECT_EQ(kinds<Row>(R"({"count":"1","share":"2","on":1})", strict),
              "count: int_type, share: float_type, on: bool_type");
    EXPECT_EQ(kinds<Row>(R"({"count":1.0,"share":true,"on":"yes"})", strict),
              "count: int_type, share: float_type, on: bool_type");
    EXPECT_EQ((kinds<std::variant<int, bool>>("\"1\"", strict)), "int: int_type, bool: bool_type");
}

}  // namespace
