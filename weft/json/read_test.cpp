// SPDX-License-Identifier: Apache-2.0
// Reading values that are right: each type, each conversion, the best alternative of a union.
#include <weft/json/read.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/json/field.hpp>
#include <weft/json/fields.hpp>
#include <weft/json/validation_error.hpp>
#include <weft/json/write.hpp>

namespace {

namespace json = weft::json;
using json::Annotated;
using json::Field;
using json::loads;
using json::read;

namespace plain {

struct Item {
    std::string name;
    double price;
    std::optional<std::string> description;
    int stock = 0;
};
std::expected<Item, json::ValidationErrors> read_tea() {
    return json::read<Item>(R"({"name": "tea", "price": "2.50"})");
}

}  // namespace plain
using plain::Item;

TEST(Read, a_struct_from_an_object) {
    const auto item = plain::read_tea();
    ASSERT_TRUE(item);
    EXPECT_EQ(item->name, "tea");
    EXPECT_EQ(item->price, 2.5);
    EXPECT_EQ(item->description, std::nullopt);
    EXPECT_EQ(item->stock, 0);
}

namespace with_constraints {

struct Item {
    Annotated<std::string, Field{.min_length = 1, .max_length = 50}> name;
    Annotated<double, Field{.gt = 0}> price;
    std::optional<std::string> description;
    int stock = 0;
};

TEST(Read, a_struct_with_constraints_and_writing_it_back) {
    const std::string text = R"({"name":"tea","price":2.5,"description":null,"stock":3})";
    const auto item = json::loads<Item>(text);
    const std::string back = json::dumps(item);
    EXPECT_EQ(back, text);
    EXPECT_FALSE(read<Item>(R"({"name":"","price":2.5})"));
}

}  // namespace with_constraints

struct Letters {
    int a = 0, b = 0, c = 0, d = 0;
    friend bool operator==(const Letters&, const Letters&) = default;
};

TEST(Read, fields_in_any_order_with_others_between_and_the_last_of_each_counts) {
    constexpr Letters all{.a = 1, .b = 2, .c = 3, .d = 4};
    for (const std::string_view text :
         {R"({"a":1,"b":2,"c":3,"d":4})", R"({"d":4,"c":3,"b":2,"a":1})",
          R"({"b":2,"a":1,"d":4,"c":3})", R"({"x":[{"a":9}],"a":1,"b":2,"c":3,"d":4})",
          R"({"a":1,"x":{"b":9},"b":2,"y":null,"c":3,"d":4,"z":"z"})",
          R"({"a":9,"b":2,"c":3,"d":4,"a":1})", R"({"a":"x","a":9,"d":4,"a":1,"c":3,"b":2})",
          R"({"\u0061":1,"b":2,"c":3,"d":4})"}) {
        EXPECT_EQ(loads<Letters>(text), all) << text;
    }
    EXPECT_EQ(loads<Letters>(R"({"b":2,"d":4})"), (Letters{.b = 2, .d = 4}));
    EXPECT_EQ(loads<Letters>(R"({"":1,"aa":1,"A":1})"), Letters{});
    EXPECT_EQ(loads<Letters>("{}"), Letters{});
}

class Account {
public:
    static constexpr auto fields() {
        return json::fields(json::member<&Account::id_>("id"),
                            json::member<&Account::owner_>("owner"));
    }
    [[nodiscard]] int id() const { return id_; }
    [[nodiscard]] const std::string& owner() const { return owner_; }

private:
    int id_ = 0;
    std::string owner_;
};

TEST(Read, a_class_that_says_what_its_fields_are) {
    const auto account = loads<Account>(R"({"owner":"jo","id":7})");
    EXPECT_EQ(account.id(), 7);
    EXPECT_EQ(account.owner(), "jo");
}

struct Counted {
    Annotated<int, Field{.alias = "itemCount", .ge = 0, .lt = 100}> count = 1;
};

TEST(Read, a_field_that_has_a_default_and_all_else) {
    EXPECT_EQ(loads<Counted>("{}").count, 1);
    EXPECT_EQ(loads<Counted>(R"({"itemCount":99})").count, 99);
    EXPECT_FALSE(read<Counted>(R"({"itemCount":100})"));
}

struct Renamed {
    Annotated<int, Field{.alias = "itemCount"}> count;
    Annotated<std::string, Field{.alias = "class"}> class_name = "none";
};

TEST(Read, a_field_by_its_alias_alone) {
    const auto renamed = loads<Renamed>(R"({"itemCount":3,"class_name":"x"})");
    EXPECT_EQ(renamed.count, 3);
    EXPECT_EQ(renamed.class_name, "none");
    EXPECT_FALSE(read<Renamed>(R"({"count":3})"));
}

// ---- scalars. What pydantic's lax mode makes of each.

template <class T>
struct Case {
    std::string_view text;
    T value;
};

TEST(Read, integers_also_from_strings_bools_and_whole_numbers) {
    for (const auto& [text, value] : std::vector<Case<int>>{{"1", 1},
                                                            {"-7", -7},
                                                            {"1.0", 1},
                                                            {"1e3", 1000},
                                                            {"-0", 0},
                                                            {"-0.0", 0},
                                                            {"true", 1},
                                                            {"false", 0},
                                                            {R"("12")", 12},
                                                            {R"(" 12 ")", 12},
                                                            {R"("1_000")", 1000},
                                                            {R"("+5")", 5},
                                                            {R"("-5")", -5},
                                                            {R"("1.0")", 1},
                                                            {R"("1.0000")", 1},
                                                            {R"("007")", 7},
                                                            {R"("\t8\n")", 8}}) {
        EXPECT_EQ(loads<int>(text), value) << text;
    }
}

TEST(Read, integers_up_to_the_bounds_of_their_types) {
    EXPECT_EQ(loads<std::int64_t>("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(loads<std::int64_t>("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(loads<std::uint64_t>("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(loads<std::uint64_t>(R"("18446744073709551615")"), UINT64_MAX);
    EXPECT_EQ(loads<std::int64_t>(R"("-9223372036854775808")"), INT64_MIN);
    EXPECT_EQ(loads<std::int64_t>("9223372036854774784.0"), 9223372036854774784);
    EXPECT_EQ(loads<std::int8_t>("-128"), -128);
    EXPECT_EQ(loads<std::int8_t>("127"), 127);
    EXPECT_EQ(loads<std::uint8_t>("255"), 255);
    EXPECT_EQ(loads<std::uint32_t>("4294967295"), UINT32_MAX);
}

TEST(Read, numbers_with_a_fraction_also_from_strings_and_integers) {
    for (const auto& [text, value] : std::vector<Case<double>>{
             {"1.5", 1.5},
             {"1", 1},
             {"18446744073709551615", 18446744073709551615.0},
             {"123456789012345678901234567890", 123456789012345678901234567890.0},
             {"true", 1},
             {R"("1.5")", 1.5},
             {R"(" 1.5 ")", 1.5},
             {R"("1_0.5")", 10.5},
             {R"("1e5")", 1e5},
             {R"("+1.5")", 1.5},
             {R"(".5")", 0.5},
             {R"("1.")", 1},
             {R"("1e-400")", 0}}) {
        EXPECT_EQ(loads<double>(text), value) << text;
    }
    EXPECT_EQ(loads<float>("0.1"), 0.1F);
}

TEST(Read, bools_also_from_words_and_numbers) {
    for (const std::string_view text :
         {"true", "1", "1.0", R"("yes")", R"("ON")", R"("y")", R"("t")", R"("True")", R"("1")"}) {
        EXPECT_TRUE(loads<bool>(text)) << text;
    }
    for (const std::string_view text : {"false", "0", "-0.0", R"("no")", R"("Off")", R"("n")",
                                        R"("f")", R"("FALSE")", R"("0")"}) {
        EXPECT_FALSE(loads<bool>(text)) << text;
    }
}

enum class Color : std::uint8_t { red, dark_blue };

TEST(Read, strings_and_enumerators_by_name) {
    EXPECT_EQ(loads<std::string>(R"("a\u00e9\n\u0000b")"), std::string("aé\n\0b", 6));
    EXPECT_EQ(loads<Color>(R"("dark_blue")"), Color::dark_blue);
}

// ---- containers

TEST(Read, containers) {
    EXPECT_EQ(loads<std::vector<int>>("[1,\"2\",3.0]"), (std::vector{1, 2, 3}));
    EXPECT_EQ(loads<std::vector<bool>>("[true,0,\"yes\"]"), (std::vector<bool>{true, false, true}));
    EXPECT_EQ(loads<std::deque<std::string>>(R"(["a","b"])"), (std::deque<std::string>{"a", "b"}));
    EXPECT_EQ((loads<std::array<int, 3>>("[1,2,3]")), (std::array{1, 2, 3}));
    EXPECT_EQ((loads<std::tuple<int, std::string, std::vector<int>>>(R"([1,"a",[2]])")),
              (std::tuple(1, std::string("a"), std::vector{2})));
    EXPECT_EQ((loads<std::pair<bool, int>>("[true,2]")), (std::pair(true, 2)));
    EXPECT_EQ(loads<std::set<int>>("[3,1,3,\"1\"]"), (std::set{1, 3}));
    EXPECT_EQ(loads<std::unordered_set<std::string>>(R"(["a","a"])"),
              (std::unordered_set<std::string>{"a"}));
    EXPECT_EQ((loads<std::map<std::string, int>>(R"({"b":1,"a":2,"b":3})")),
              (std::map<std::string, int>{{"a", 2}, {"b", 3}}));
    EXPECT_EQ((loads<std::unordered_map<std::string, std::vector<int>>>(R"({"":[1]})")),
              (std::unordered_map<std::string, std::vector<int>>{{"", {1}}}));
    EXPECT_TRUE(loads<std::vector<Item>>("[]").empty());
}

TEST(Read, null_is_none) {
    EXPECT_EQ(loads<std::optional<int>>("null"), std::nullopt);
    EXPECT_EQ(loads<std::optional<int>>("\"3\""), 3);
    EXPECT_EQ(loads<std::unique_ptr<int>>("null"), nullptr);
    EXPECT_EQ(*loads<std::unique_ptr<int>>("4"), 4);
    EXPECT_EQ(*loads<std::vector<std::unique_ptr<int>>>("[null,4]").back(), 4);
}

struct Node {
    int value;
    std::unique_ptr<Node> next;
    Annotated<std::vector<Node>, Field{.required = json::Required::no}> children;
};

TEST(Read, types_that_contain_themselves_as_deep_as_the_limit) {
    std::string text = R"({"value":0})";
    for (int i = 1; i < 128; ++i) {
        text = R"({"value":)" + std::to_string(i) + R"(,"next":)" + text + "}";
    }
    const auto first = loads<Node>(text);
    int count = 0;
    for (const Node* node = &first; node != nullptr; node = node->next.get()) ++count;
    EXPECT_EQ(count, 128);
    EXPECT_THROW(static_cast<void>(loads<Node>(R"({"value":128,"next":)" + text + "}")),
                 json::JSONDecodeError);
    EXPECT_EQ(loads<Node>(R"({"value":1,"children":[{"value":2},{"value":3}]})").children.size(),
              2U);
}

// ---- unions

struct Cat {
    int lives;
    std::string name = "cat";
    friend bool operator==(const Cat&, const Cat&) = default;
};
struct Dog {
    int lives;
    std::vector<int> bones;
    friend bool operator==(const Dog&, const Dog&) = default;
};

TEST(Read, the_alternative_that_needs_no_conversion) {
    using IntOrText = std::variant<int, std::string>;
    EXPECT_EQ(loads<IntOrText>("1"), IntOrText(1));
    EXPECT_EQ(loads<IntOrText>("\"1\""), IntOrText("1"));
    EXPECT_EQ(loads<IntOrText>("1.0"), IntOrText(1));
    using TextOrInt = std::variant<std::string, int>;
    EXPECT_EQ(loads<TextOrInt>("\"1\""), TextOrInt("1"));
    EXPECT_EQ(loads<TextOrInt>("true"), TextOrInt(1));
    using IntOrReal = std::variant<int, double>;
    EXPECT_EQ(loads<IntOrReal>("1.0"), IntOrReal(1.0));
    EXPECT_EQ(loads<IntOrReal>("\"1\""), IntOrReal(1));
    using RealOrInt = std::variant<double, int>;
    EXPECT_EQ(loads<RealOrInt>("1"), RealOrInt(1));
    using NoneOrList = std::variant<std::monostate, std::vector<int>>;
    EXPECT_EQ(loads<NoneOrList>("null"), NoneOrList());
    EXPECT_EQ(loads<NoneOrList>("[\"1\"]"), NoneOrList(std::vector{1}));
}

TEST(Read, the_alternative_with_the_most_fields_in_the_text) {
    using Pet = std::variant<Cat, Dog>;
    EXPECT_EQ(loads<Pet>(R"({"lives":9,"bones":[1]})"), Pet(Dog{9, {1}}));
    EXPECT_EQ(loads<Pet>(R"({"lives":9})"), Pet(Cat{9, "cat"}));
    EXPECT_EQ(loads<Pet>(R"({"lives":9,"name":"x"})"), Pet(Cat{9, "x"}));
    EXPECT_EQ(loads<std::vector<Pet>>(R"([{"lives":"9","bones":[]}])").front(), Pet(Dog{9, {}}));
}

// ---- types that are another type in JSON

class Celsius {
public:
    Celsius() = default;
    explicit Celsius(double degrees) : degrees_(degrees) {}
    [[nodiscard]] double to_json() const { return degrees_; }
    static Celsius from_json(double degrees) {
        if (degrees < -273.15) throw weft::ValueError("it cannot be that cold");
        return Celsius(degrees);
    }

private:
    double degrees_ = 0;
};

TEST(Read, a_type_that_is_another_type_in_json) {
    EXPECT_EQ(loads<Celsius>("21.5").to_json(), 21.5);
    EXPECT_EQ(loads<std::vector<Celsius>>("[\"3\"]").front().to_json(), 3);
}

}  // namespace
