// SPDX-License-Identifier: Apache-2.0
// What weft/json finds out about types: names, aliases, enumerators, which members have a default.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <weft/json/field.hpp>
#include <weft/json/fields.hpp>
#include <weft/json/internal/defaults.hpp>
#include <weft/json/internal/enum_names.hpp>
#include <weft/json/internal/model.hpp>
#include <weft/json/internal/type_name.hpp>

namespace {

using weft::json::Annotated;
using weft::json::Field;
using weft::json::Required;
using weft::json::internal::EnumNames;
using weft::json::internal::Label;
using weft::json::internal::member_count;
using weft::json::internal::MemberType;
using weft::json::internal::Model;
using weft::json::internal::optional_members;
using weft::json::internal::type_name;

template <class T>
std::vector<std::string_view> names() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return std::vector<std::string_view>{Label<T, I>::name...};
    }(std::make_index_sequence<member_count<T>>());
}

using Names = std::vector<std::string_view>;

enum class Color : std::uint8_t { red, green = 5, dark_blue };

struct Point {
    int x;
    int y;
};

struct Everything {
    bool flag;
    std::uint8_t small;
    double real;
    std::string text;
    std::optional<std::string> maybe;
    std::unique_ptr<Point> owned;
    std::vector<Point> list;
    std::map<std::string, int> map;
    std::array<int, 3> array;
    std::tuple<int, std::string> tuple;
    std::pair<int, int> pair;
    std::variant<int, std::string> variant;
    Color color;
    Point point;
    Annotated<int, Field{.alias = "itemCount", .ge = 0}> count;
    Annotated<std::string, Field{.alias = "class"}> class_name;
    Annotated<std::optional<int>, Field{.gt = 1}> bounded;
    std::vector<bool> bits;
};

TEST(Reflect, finds_members_of_each_kind_and_their_names) {
    EXPECT_EQ(names<Everything>(), (Names{"flag", "small", "real", "text", "maybe", "owned", "list",
                                          "map", "array", "tuple", "pair", "variant", "color",
                                          "point", "itemCount", "class", "bounded", "bits"}));
    EXPECT_TRUE((std::is_same_v<MemberType<Everything, 8>, std::array<int, 3>>));
}

struct Empty {};
struct OneMember {
    Empty nothing;
};
struct A64 {
    int a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, b1, b2, b3, b4, b5,
        b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10,
        c11, c12, c13, c14, c15, c16, d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, d12, d13, d14,
        d15, d16;
};

TEST(Reflect, takes_structs_without_members_with_one_and_with_64) {
    EXPECT_EQ(member_count<Empty>, 0U);
    EXPECT_EQ(names<OneMember>(), Names{"nothing"});
    EXPECT_EQ(member_count<A64>, 64U);
    EXPECT_EQ(names<A64>().back(), "d16");
}

TEST(Reflect, takes_structs_of_functions_and_templates) {
    struct Local {
        int within;
    };
    struct Generic {
        std::map<std::string, std::pair<int, Local>> pairs;
    };
    EXPECT_EQ(names<Local>(), Names{"within"});
    EXPECT_EQ(names<Generic>(), Names{"pairs"});
}

class Account {
public:
    Account() = default;
    static constexpr auto fields() {
        return weft::json::fields(weft::json::member<&Account::id_>("id"),
                                  weft::json::member<&Account::owner_>("owner"));
    }

private:
    int id_ = 0;
    std::string owner_;
};
struct Base {
    int id;
};
struct Derived : Base {
    int more;
    static constexpr auto fields() {
        return weft::json::fields(weft::json::member<&Derived::id>("id"),
                                  weft::json::member<&Derived::more>("more"));
    }
};

TEST(Reflect, a_class_may_say_what_its_fields_are) {
    EXPECT_EQ(names<Account>(), (Names{"id", "owner"}));
    EXPECT_EQ(names<Derived>(), (Names{"id", "more"}));
    EXPECT_TRUE((std::is_same_v<MemberType<Account, 1>, std::string>));
}

TEST(Reflect, containers_and_annotated_ones_are_no_models) {
    EXPECT_FALSE(Model<std::string>);
    EXPECT_FALSE((Model<std::array<int, 2>>));
    EXPECT_FALSE((Model<Annotated<Point, Field{}>>));
    EXPECT_TRUE(Model<Point>);
}

template <class E>
std::vector<std::pair<std::string_view, int>> enumerators() {
    std::vector<std::pair<std::string_view, int>> found;
    for (const auto& [name, value] : EnumNames<E>::all)
        found.emplace_back(name, static_cast<int>(value));
    return found;
}
using Enumerators = std::vector<std::pair<std::string_view, int>>;

enum Plain : int { plain_one = 1, plain_last = 127, beyond = 128, below = -1 };
template <class A, class B>
struct Outer;
template <>
struct Outer<int, Outer<char, int>> {
    enum class Inner : std::uint8_t { first, second };
};

TEST(Reflect, finds_enumerators_from_0_to_127) {
    EXPECT_EQ(enumerators<Color>(), (Enumerators{{"red", 0}, {"green", 5}, {"dark_blue", 6}}));
    EXPECT_EQ(enumerators<Plain>(), (Enumerators{{"plain_one", 1}, {"plain_last", 127}}));
    EXPECT_EQ((enumerators<Outer<int, Outer<char, int>>::Inner>()),
              (Enumerators{{"first", 0}, {"second", 1}}));
}

// ---- defaults

template <class T>
std::string defaults() {
    std::string found;
    for (std::size_t i = 0; i < member_count<T>; ++i) found += optional_members<T>()[i] ? '+' : '-';
    return found;
}

struct Defaults {
    int number;
    int initialized = 7;
    int zero = 0;
    std::uint8_t first_pattern = 0xa5;
    std::uint8_t second_pattern = 0x5a;
    bool flag;
    bool set = false;
    double real;
    double real_zero = 0;
    std::string text;
    std::string filled = "x";
    std::optional<int> maybe;
    std::unique_ptr<int> owned;
    std::vector<int> list;
    std::vector<int> some = {1};
    Color color;
    Color red = Color::red;
    std::array<int, 2> array;
    std::array<int, 2> zeros = {};
    Annotated<int, Field{.ge = 0}> count;
    Annotated<int, Field{.ge = 0}> counted = 0;
    Annotated<std::string, Field{.min_length = 1}> name;
    Annotated<std::string, Field{.min_length = 1}> named = "n";
    Annotated<std::vector<int>, Field{.required = Required::no}> ids = {};
    Annotated<int, Field{.required = Required::yes}> forced = 3;
};

TEST(Reflect, members_with_an_initializer_and_nullable_ones_may_be_left_out) {
    EXPECT_EQ(defaults<Defaults>(), "-++++-+-+-+++-+-+-+-+-++-");
}

struct Inner {
    int plain;
    int set = 1;
    std::string text;
};
struct Nested {
    Inner untouched;
    Inner zeroed = {};
    Inner changed{.plain = 3};
    Inner text{.plain = 3, .text = "x"};
};

TEST(Reflect, a_struct_within_has_a_default_where_it_differs_from_one_without) {
    EXPECT_EQ(defaults<Nested>(), "-+++");
}

struct OnlyDefaults {
    int a = 1;
};
struct Ambiguous {
    OnlyDefaults left_alone;
    OnlyDefaults changed = {.a = 2};
};
TEST(Reflect, a_struct_within_is_required_where_its_own_defaults_are_all_it_has) {
    EXPECT_EQ(defaults<Ambiguous>(), "-+");
}

TEST(Reflect, types_have_pythons_names) {
    EXPECT_EQ((type_name<std::map<std::string, std::vector<int>>>()), "dict[str,list[int]]");
    EXPECT_EQ(type_name<Point>(), "Point");
    EXPECT_EQ((type_name<std::tuple<bool, double>>()), "tuple[bool, float]");
    EXPECT_EQ((type_name<Annotated<std::string, Field{.min_length = 1}>>()), "str");
    EXPECT_EQ(type_name<Color>(), "Color");
}

TEST(Annotated, is_used_as_what_it_holds) {
    Everything all{};
    all.count = 3;
    all.count += 4;
    all.class_name = "a";
    all.class_name += "b";
    all.bounded = 5;
    EXPECT_EQ(all.count, 7);
    EXPECT_EQ(all.class_name, "ab");
    EXPECT_EQ(all.bounded, 5);
}

}  // namespace
