// SPDX-License-Identifier: Apache-2.0
// What errors say. Kinds, messages, places and order are those of pydantic 2.14, whose Python mode
// FastAPI uses, on the same texts.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/json/field.hpp>
#include <weft/json/read.hpp>
#include <weft/json/read_options.hpp>
#include <weft/json/validation_error.hpp>

namespace {

namespace json = weft::json;
using json::Annotated;
using json::ErrorDetails;
using json::Field;
using json::loads;
using json::read;
using json::ReadOptions;

template <class T>
std::vector<ErrorDetails> errors_of(std::string_view text, const ReadOptions& options = {}) {
    const auto value = read<T>(text, options);
    return value ? std::vector<ErrorDetails>() : value.error().errors;
}

// `place: kind` of each error.
template <class T>
std::string kinds(std::string_view text, const ReadOptions& options = {}) {
    std::string found;
    for (const ErrorDetails& error : errors_of<T>(text, options)) {
        if (!found.empty()) found += ", ";
        if (!error.loc.empty()) found += json::describe(error.loc) + ": ";
        found += error.type;
    }
    return found;
}

// `message ctx` of the first.
template <class T>
std::string message(std::string_view text) {
    const auto errors = errors_of<T>(text);
    if (errors.empty()) return "no error";
    return errors.front().msg + (errors.front().ctx.empty() ? "" : " " + errors.front().ctx);
}

struct Kind {
    std::string_view text;
    std::string_view kind;
};
template <class T>
void expect_kinds(const std::vector<Kind>& cases) {
    for (const auto& [text, kind] : cases) EXPECT_EQ(kinds<T>(text), kind) << text;
}

TEST(Validation, of_integers) {
    expect_kinds<int>({{"1.5", "int_from_float"},
                       {R"("1__0")", "int_parsing"},
                       {R"("_1")", "int_parsing"},
                       {R"("1_")", "int_parsing"},
                       {R"("-_1")", "int_parsing"},
                       {R"("- 1")", "int_parsing"},
                       {R"("+-1")", "int_parsing"},
                       {R"("1.50")", "int_parsing"},
                       {R"("1e3")", "int_parsing"},
                       {R"("1.")", "int_parsing"},
                       {R"(".0")", "int_parsing"},
                       {R"("0x10")", "int_parsing"},
                       {R"("")", "int_parsing"},
                       {R"(" ")", "int_parsing"},
                       {R"("x")", "int_parsing"},
                       {"null", "int_type"},
                       {"[]", "int_type"},
                       {"{}", "int_type"},
                       {"1e400", "finite_number"},
                       {"1e20", "int_parsing_size"},
                       {"123456789012345678901234567890", "int_parsing_size"},
                       {R"("123456789012345678901234567890")", "int_parsing_size"}});
    expect_kinds<std::int64_t>({{"9223372036854775808", "int_parsing_size"},
                                {"-9223372036854775809", "int_parsing_size"},
                                {R"("9223372036854775808")", "int_parsing_size"},
                                {"9223372036854775808.0", "int_parsing_size"}});
    expect_kinds<std::uint64_t>({{"18446744073709551616", "int_parsing_size"},
                                 {"18446744073709551616.0", "int_parsing_size"}});
}

// pydantic has one type of integers; a narrower one is an int with bounds.
TEST(Validation, of_narrow_integers_names_their_bounds) {
    EXPECT_EQ(message<std::uint8_t>("256"),
              R"(Input should be less than or equal to 255 {"le":255})");
    EXPECT_EQ(message<std::int8_t>("-129"),
              R"(Input should be greater than or equal to -128 {"ge":-128})");
    EXPECT_EQ(message<std::uint32_t>("-1"),
              R"(Input should be greater than or equal to 0 {"ge":0})");
    EXPECT_EQ(message<std::uint64_t>("-1"),
              R"(Input should be greater than or equal to 0 {"ge":0})");
    EXPECT_EQ(message<std::int16_t>("\"70000\""),
              R"(Input should be less than or equal to 32767 {"le":32767})");
    EXPECT_EQ(message<int>("18446744073709551615"),
              R"(Input should be less than or equal to 2147483647 {"le":2147483647})");
}

TEST(Validation, of_other_scalars) {
    expect_kinds<double>({{R"("x")", "float_parsing"},
                          {R"("")", "float_parsing"},
                          {R"("0x1p3")", "float_parsing"},
                          {R"("1__0")", "float_parsing"},
                          {R"("+-1")", "float_parsing"},
                          {R"("++1")", "float_parsing"},
                          {"null", "float_type"},
                          {"[]", "float_type"},
                          {"1e400", "finite_number"},
                          {R"("nan")", "finite_number"},
                          {R"("inf")", "finite_number"},
                          {R"("1e400")", "finite_number"}});
    expect_kinds<float>({{"1e39", "finite_number"}, {"-1e39", "finite_number"}});
    expect_kinds<bool>({{"2", "bool_parsing"},
                        {"2.0", "bool_parsing"},
                        {"0.5", "bool_type"},
                        {"1e300", "bool_type"},
                        {R"("x")", "bool_parsing"},
                        {R"(" yes ")", "bool_parsing"},
                        {R"("falsehood")", "bool_parsing"},
                        {R"("")", "bool_parsing"},
                        {"18446744073709551615", "bool_parsing"},
                        {"1e400", "bool_type"},
                        {"99999999999999999999", "bool_parsing"},
                        {"null", "bool_type"},
                        {"[]", "bool_type"}});
    expect_kinds<std::string>(
        {{"1", "string_type"}, {"null", "string_type"}, {"[]", "string_type"}});
    expect_kinds<std::variant<std::monostate>>({{"1", "none: none_required"}});
}

TEST(Validation, messages_are_pydantics) {
    EXPECT_EQ(message<int>("[]"), "Input should be a valid integer");
    EXPECT_EQ(message<int>("\"x\""),
              "Input should be a valid integer, unable to parse string as an integer");
    EXPECT_EQ(message<double>("null"), "Input should be a valid number");
    EXPECT_EQ(message<bool>("\"x\""), "Input should be a valid boolean, unable to interpret input");
    EXPECT_EQ(message<std::vector<int>>("{}"), "Input should be a valid list");
    EXPECT_EQ((message<std::map<std::string, int>>("[]")), "Input should be a valid dictionary");
    EXPECT_EQ(message<std::set<int>>("{}"), "Input should be a valid set");
    EXPECT_EQ((message<std::tuple<int>>("{}")), "Input should be a valid tuple");
}

enum class Color : std::uint8_t { red, green, blue };
enum class One : std::uint8_t { only };

TEST(Validation, of_enumerators_names_all_of_them) {
    EXPECT_EQ(
        message<Color>("\"x\""),
        R"(Input should be 'red', 'green' or 'blue' {"expected":"'red', 'green' or 'blue'"})");
    EXPECT_EQ(message<One>("1"), R"(Input should be 'only' {"expected":"'only'"})");
    EXPECT_EQ(kinds<Color>("0"), "enum");
}

// ---- structs

struct Item {
    int id;
    std::string name;
    std::vector<int> tags = {0};
};

TEST(Validation, tells_all_errors_in_the_order_of_the_fields) {
    EXPECT_EQ(kinds<Item>(R"({"tags":[1,"x",null],"name":1})"),
              "id: missing, name: string_type, tags.1: int_parsing, tags.2: int_type");
    EXPECT_EQ(kinds<Item>("{}"), "id: missing, name: missing");
    EXPECT_EQ(kinds<Item>("[]"), "model_attributes_type");
    EXPECT_EQ(kinds<std::vector<Item>>(R"([{"id":1,"name":""},{"id":"x"},3])"),
              "1.id: int_parsing, 1.name: missing, 2: model_attributes_type");
    EXPECT_EQ((kinds<std::map<std::string, Item>>(R"({"a":{"id":1},"b":{"id":1,"name":"n"}})")),
              "a.name: missing");
    EXPECT_EQ(kinds<std::optional<Item>>(R"({"id":1})"), "name: missing");
}

TEST(Validation, of_names_that_come_twice_is_of_the_last_one) {
    using Map = std::map<std::string, std::vector<int>>;
    EXPECT_EQ(kinds<Map>(R"({"a":["x"],"b":[1],"a":[1]})"), "");
    EXPECT_EQ(kinds<Map>(R"({"a":[1],"b":[1],"a":["x"]})"), "a.0: int_parsing");
    EXPECT_EQ(kinds<Map>(R"({"a":["x","y"],"b":["x"],"a":[1,"x"]})"),
              "b.0: int_parsing, a.1: int_parsing");
    EXPECT_EQ((kinds<std::variant<int, Map>>(R"({"a":"x","a":[1]})")), "");
    EXPECT_EQ(kinds<Item>(R"({"id":"x","name":"","id":1})"), "");
}

TEST(Validation, shows_the_input_and_for_a_missing_field_the_object) {
    const auto errors = errors_of<Item>(R"( { "name" : [ 1, {"a": "\u00e9"} ] } )");
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0].input, R"({"name":[1,{"a":"é"}]})");
    EXPECT_EQ(errors[0].msg, "Field required");
    EXPECT_EQ(errors[1].input, R"([1,{"a":"é"}])");
    EXPECT_EQ(errors_of<int>("1e400").front().input, "1e400");
}

TEST(Validation, forbids_fields_that_a_struct_lacks_where_it_is_asked_to) {
    const ReadOptions forbid{.extra = json::Extra::forbid};
    constexpr std::string_view text = R"({"q":1,"name":1,"w":{"a":2}})";
    EXPECT_EQ(kinds<Item>(text), "id: missing, name: string_type");
    EXPECT_EQ(kinds<Item>(text, forbid),
              "id: missing, name: string_type, q: extra_forbidden, w: extra_forbidden");
    EXPECT_EQ(kinds<Item>(R"({"id":1,"q":1,"name":""})", forbid), "q: extra_forbidden");
    EXPECT_EQ(kinds<Item>(R"({"id":1,"name":""})", forbid), "");
}

struct Renamed {
    Annotated<int, Field{.alias = "itemCount"}> count;
};
TEST(Validation, a_place_has_the_alias) {
    EXPECT_EQ(kinds<Renamed>(R"({"count":1})"), "itemCount: missing");
    EXPECT_EQ(kinds<Renamed>(R"({"itemCount":"x"})"), "itemCount: int_parsing");
}

TEST(Validation, of_tuples_and_arrays) {
    using Pair = std::tuple<int, std::string>;
    EXPECT_EQ(kinds<Pair>("[1]"), "1: missing");
    EXPECT_EQ(kinds<Pair>("[]"), "0: missing, 1: missing");
    EXPECT_EQ(message<Pair>("[\"x\",1,2]"),
              "Tuple should have at most 2 items after validation, not 3 "
              R"({"field_type":"Tuple","max_length":2,"actual_length":3})");
    EXPECT_EQ(kinds<Pair>("[\"x\",1]"), "0: int_parsing, 1: string_type");
    using Three = std::array<int, 3>;
    EXPECT_EQ(kinds<Three>("[1]"), "too_short");
    EXPECT_EQ(kinds<Three>("[1,2,3,4]"), "too_long");
    EXPECT_EQ(kinds<Three>("[1,2,\"x\"]"), "2: int_parsing");
}

// ---- unions

struct Cat {
    int lives;
};
struct Dog {
    int lives;
    std::vector<int> bones;
};

TEST(Validation, of_unions_tells_what_each_alternative_lacks) {
    EXPECT_EQ((kinds<std::variant<int, std::string>>("null")), "int: int_type, str: string_type");
    EXPECT_EQ((kinds<std::variant<Cat, Dog>>("{}")),
              "Cat.lives: missing, Dog.lives: missing, Dog.bones: missing");
    EXPECT_EQ((kinds<std::vector<std::variant<int, std::vector<int>>>>(R"([1,["x"]])")),
              "1.int: int_type, 1.list[int].0: int_parsing");
    EXPECT_EQ((kinds<std::tuple<int, std::variant<int, bool>, int>>(R"(["x",1,"y"])")),
              "0: int_parsing, 2: int_parsing");
}

struct Left;
struct Right;
using Either = std::variant<std::monostate, std::unique_ptr<Left>, std::unique_ptr<Right>>;
struct Left {
    Either next;
    int left;
};
struct Right {
    Either next;
    int right;
};

// Goal:   alternatives within alternatives do not take exponential time.
// Method: 100 levels that both structs fit until the last field, which neither has.
TEST(Validation, gives_a_union_up_that_can_be_read_in_too_many_ways) {
    std::string text = "{}";
    for (int i = 0; i < 100; ++i) text = R"({"next":)" + text + "}";
    const auto errors = errors_of<Either>(text);
    ASSERT_FALSE(errors.empty());
    bool is_told = false;
    for (const auto& error : errors) is_told |= error.type == "value_error";
    EXPECT_TRUE(is_told);
}

// ---- constraints

template <Field F, class T = int>
using Only = Annotated<T, F>;

TEST(Validation, of_bounds) {
    EXPECT_EQ((message<Only<Field{.gt = 3}>>("3")), R"(Input should be greater than 3 {"gt":3})");
    EXPECT_EQ((message<Only<Field{.gt = 3}, double>>("3")),
              R"(Input should be greater than 3 {"gt":3.0})");
    EXPECT_EQ((message<Only<Field{.ge = 3}>>("2")),
              R"(Input should be greater than or equal to 3 {"ge":3})");
    EXPECT_EQ((message<Only<Field{.lt = 2.5}, double>>("2.5")),
              R"(Input should be less than 2.5 {"lt":2.5})");
    EXPECT_EQ((message<Only<Field{.le = -1}>>("0")),
              R"(Input should be less than or equal to -1 {"le":-1})");
    EXPECT_EQ((message<Only<Field{.multiple_of = 3}>>("7")),
              R"(Input should be a multiple of 3 {"multiple_of":3})");
    constexpr Field all{.gt = 10, .le = 20, .multiple_of = 3};
    EXPECT_EQ(kinds<Only<all>>("100"), "multiple_of");
    EXPECT_EQ(kinds<Only<all>>("21"), "less_than_equal");
    EXPECT_EQ(kinds<Only<all>>("9"), "greater_than");
    for (const std::string_view good : {"12", "15", "18", "\"18\""})
        EXPECT_EQ(kinds<Only<all>>(good), "");
}

TEST(Validation, of_bounds_at_the_edges_of_types) {
    EXPECT_EQ((kinds<Only<Field{.ge = 0}, std::uint64_t>>("18446744073709551615")), "");
    EXPECT_EQ((kinds<Only<Field{.lt = 0}, std::uint64_t>>("18446744073709551615")), "less_than");
    EXPECT_EQ((kinds<Only<Field{.gt = 0.5}>>("0")), "greater_than");
    EXPECT_EQ((kinds<Only<Field{.gt = 0.5}>>("1")), "");
    EXPECT_EQ((kinds<Only<Field{.multiple_of = 2}, std::int64_t>>("-9223372036854775808")), "");
    EXPECT_EQ((kinds<Only<Field{.multiple_of = 2}>>("-3")), "multiple_of");
    EXPECT_EQ((kinds<Only<Field{.multiple_of = 0.1}, double>>("0.3")), "");
    EXPECT_EQ((kinds<Only<Field{.multiple_of = 0.1}, double>>("0.35")), "multiple_of");
    EXPECT_EQ((kinds<Only<Field{.multiple_of = 0.5}, double>>("-1.5")), "");
}

TEST(Validation, of_strings_counts_characters) {
    using Short = Only<Field{.min_length = 2, .max_length = 3}, std::string>;
    EXPECT_EQ(message<Short>("\"a\""),
              R"(String should have at least 2 characters {"min_length":2})");
    EXPECT_EQ(message<Short>("\"abcd\""),
              R"(String should have at most 3 characters {"max_length":3})");
    EXPECT_EQ(kinds<Short>("\"äöü\""), "");
    EXPECT_EQ(kinds<Short>("\"😀😀😀😀\""), "string_too_long");
    EXPECT_EQ((message<Only<Field{.min_length = 1}, std::string>>("\"\"")),
              R"(String should have at least 1 character {"min_length":1})");
}

TEST(Validation, of_the_length_of_containers) {
    constexpr Field between{.min_length = 1, .max_length = 2};
    using List = Only<between, std::vector<int>>;
    EXPECT_EQ(message<List>("[]"),
              "List should have at least 1 item after validation, not 0 "
              R"({"field_type":"List","min_length":1,"actual_length":0})");
    EXPECT_EQ(kinds<List>("[1,\"x\",3]"), "too_long");
    EXPECT_EQ(kinds<List>("[\"x\"]"), "0: int_parsing");
    using Numbers = Only<between, std::set<int>>;
    EXPECT_EQ(kinds<Numbers>("[1,1,2]"), "");
    EXPECT_EQ(kinds<Numbers>("[]"), "too_short");
    EXPECT_EQ(message<Numbers>("[1,2,3]"),
              "Set should have at most 2 items after validation, not more "
              R"({"field_type":"Set","max_length":2,"actual_length":null})");
    using Map = Only<Field{.min_length = 1, .max_length = 1}, std::map<std::string, int>>;
    EXPECT_EQ(kinds<Map>(R"({"a":1,"a":2})"), "");
    EXPECT_EQ(kinds<Map>(R"({"a":1,"b":"x"})"), "b: int_parsing");
    EXPECT_EQ(message<Map>(R"({"a":1,"b":2})"),
              "Dictionary should have at most 1 item after validation, not more "
              R"({"field_type":"Dictionary","max_length":1,"actual_length":null})");
    EXPECT_EQ(kinds<Map>("{}"), "too_short");
}

TEST(Validation, constraints_reach_through_optional_and_apply_to_elements) {
    EXPECT_EQ((kinds<Only<Field{.gt = 3}, std::optional<int>>>("2")), "greater_than");
    EXPECT_EQ((kinds<Only<Field{.gt = 3}, std::optional<int>>>("null")), "");
    EXPECT_EQ((kinds<std::optional<Only<Field{.gt = 3}>>>("2")), "greater_than");
    EXPECT_EQ((kinds<std::vector<Only<Field{.gt = 3}>>>("[4,2]")), "1: greater_than");
}

TEST(Validation, strict_fields_take_no_other_type) {
    constexpr Field strict{.strict = true};
    expect_kinds<Only<strict>>({{"\"1\"", "int_type"},
                                {"1.0", "int_type"},
                                {"true", "int_type"},
                                {"1", ""},
                                {"1e400", "int_type"}});
    expect_kinds<Only<strict, double>>(
        {{"\"1\"", "float_type"}, {"true", "float_type"}, {"1", ""}});
    expect_kinds<Only<strict, bool>>({{"\"1\"", "bool_type"}, {"1", "bool_type"}, {"true", ""}});
    EXPECT_EQ((kinds<Only<strict, std::vector<int>>>("[\"1\"]")), "");
}

class Even {
public:
    [[nodiscard]] int to_json() const { return value_; }
    static Even from_json(int value) {
        if (value % 2 != 0) throw weft::ValueError("it is odd");
        Even even;
        even.value_ = value;
        return even;
    }

private:
    int value_ = 0;
};

TEST(Validation, of_a_type_of_the_users_is_in_its_words) {
    EXPECT_EQ(message<Even>("3"), R"(Value error, it is odd {"error":{}})");
    EXPECT_EQ(kinds<std::vector<Even>>("[2,3,\"x\"]"), "1: value_error, 2: int_parsing");
}

// ---- the text as a whole

TEST(Validation, of_broken_json_is_one_error_at_a_character) {
    const auto errors = errors_of<Item>("{\"é\": 1, x}");
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(
        errors[0],
        (ErrorDetails{.type = "json_invalid",
                      .loc = {std::size_t{9}},
                      .msg = "JSON decode error",
                      .input = "{}",
                      .ctx = R"({"error":"Expecting property name enclosed in double quotes"})"}));
    EXPECT_EQ(message<int>("[1,]"),
              R"(JSON decode error {"error":"Illegal trailing comma before end of array"})");
    EXPECT_EQ(message<int>(R"("\x")"), R"(JSON decode error {"error":"Invalid \\escape"})");
    EXPECT_EQ(kinds<std::string>("\"a\xff\""), "2: string_unicode");
}

TEST(Validation, as_an_exception_has_pythons_text) {
    try {
        static_cast<void>(loads<Item>(R"({"id":1,"tags":[true,"x"]})"));
        FAIL();
    } catch (const weft::ValueError& error) {
        EXPECT_STREQ(error.what(),
                     "2 validation errors\n"
                     "name\n"
                     "  Field required [type=missing]\n"
                     "tags.1\n"
                     "  Input should be a valid integer, unable to parse string as an integer "
                     "[type=int_parsing]");
    }
    try {
        static_cast<void>(loads<Item>("{\n  \"é\": 1,\n  é}"));
        FAIL();
    } catch (const json::JSONDecodeError& error) {
        EXPECT_STREQ(
            error.what(),
            "Expecting property name enclosed in double quotes: line 3 column 3 (char 14)");
        EXPECT_EQ(error.msg(), "Expecting property name enclosed in double quotes");
        EXPECT_EQ(error.pos(), 14U);
        EXPECT_EQ(error.lineno(), 3U);
        EXPECT_EQ(error.colno(), 3U);
        EXPECT_EQ(error.errors().front().type, "json_invalid");
    }
    EXPECT_THROW(static_cast<void>(loads<std::string>("\"\xff\"")), json::ValidationError);
}

TEST(Validation, as_json_is_fastapis_detail) {
    const auto item = read<Item>(R"({"id":"x","tags":[0,[]]})");
    ASSERT_FALSE(item);
    EXPECT_EQ(
        to_json(item.error()),
        R"([{"type":"int_parsing","loc":["id"],"msg":"Input should be a valid integer, unable )"
        R"(to parse string as an integer","input":"x"},)"
        R"({"type":"missing","loc":["name"],"msg":"Field required",)"
        R"("input":{"id":"x","tags":[0,[]]}},)"
        R"({"type":"int_type","loc":["tags",1],"msg":"Input should be a valid integer",)"
        R"("input":[]}])");
}

// ---- limits

TEST(Validation, tells_no_more_errors_than_the_limit_and_counts_the_rest) {
    std::string text = "[";
    for (int i = 0; i < 1000; ++i) text += "\"x\",";
    text += "1]";
    const auto numbers = read<std::vector<int>>(text, {.errors_max = 3});
    ASSERT_FALSE(numbers);
    EXPECT_EQ(numbers.error().errors.size(), 3U);
    EXPECT_EQ(numbers.error().omitted, 997U);
    try {
        static_cast<void>(loads<std::vector<int>>(text));
        FAIL();
    } catch (const json::ValidationError& error) {
        EXPECT_EQ(error.errors().size(), 100U);
        EXPECT_EQ(error.error_count(), 1000U);
        EXPECT_TRUE(std::string_view(error.what()).ends_with("and 900 more"));
    }
}

TEST(Validation, shows_no_input_that_is_longer_than_the_limit) {
    const auto shown = [](std::size_t size) {
        return errors_of<int>("[\"" + std::string(size, 'x') + "\"]", {.input_bytes_max = 20})
            .front()
            .input.size();
    };
    EXPECT_EQ(shown(16), 20U);
    EXPECT_EQ(shown(17), 0U);
    EXPECT_EQ(shown(1000), 0U);
}

TEST(Validation, refuses_a_text_that_is_longer_than_the_limit) {
    EXPECT_EQ(kinds<int>("123", {.bytes_max = 3}), "");
    EXPECT_EQ(kinds<int>("1234", {.bytes_max = 3}), "bytes_too_long");
    EXPECT_EQ(errors_of<int>("1234", {.bytes_max = 3}).front().msg,
              "Data should have at most 3 bytes");
    EXPECT_THROW(static_cast<void>(loads<int>("1234", {.bytes_max = 3})), json::ValidationError);
}

TEST(Validation, refuses_a_text_that_is_deeper_than_the_limit) {
    EXPECT_EQ(kinds<std::vector<std::vector<int>>>("[[1]]", {.depth_max = 2}), "");
    EXPECT_EQ(kinds<std::vector<std::vector<int>>>("[[1]]", {.depth_max = 1}), "1: json_invalid");
}

}  // namespace
