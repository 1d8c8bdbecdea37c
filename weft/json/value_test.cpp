// SPDX-License-Identifier: Apache-2.0
#include <weft/json/value.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/exceptions.hpp>
#include <weft/json/field.hpp>
#include <weft/json/read.hpp>
#include <weft/json/validation_error.hpp>
#include <weft/json/write.hpp>

namespace {

namespace json = weft::json;
using json::Array;
using json::dumps;
using json::loads;
using json::Object;
using json::Value;

Value parse(std::string_view text) { return loads<Value>(text); }

TEST(Value, is_read_and_written_as_the_same) {
    for (const std::string_view text :
         {"null", "true", "false", "0", "-7", "9223372036854775807", "18446744073709551615", "1.5",
          "1e+300", R"("")", R"("a\"é\u0001")", "[]", "[1,[2,[]],{}]", "{}",
          R"({"b":1,"a":{"":[null,true]},"c":"x"})"}) {
        EXPECT_EQ(dumps(parse(text)), text);
    }
}

TEST(Value, tells_what_it_is) {
    EXPECT_TRUE(Value().is_null());
    EXPECT_TRUE(parse("true").is_bool());
    EXPECT_TRUE(parse("1").is_integer() && parse("1").is_number());
    EXPECT_TRUE(parse("18446744073709551615").is_integer());
    EXPECT_TRUE(parse("1.5").is_number() && !parse("1.5").is_integer());
    EXPECT_TRUE(parse("\"x\"").is_string());
    EXPECT_TRUE(parse("[]").is_array() && !parse("[]").is_object());
    EXPECT_TRUE(parse("{}").is_object() && !parse("{}").is_null());
    EXPECT_FALSE(parse("true").is_number());
}

struct Server {
    std::string host;
    int port = 80;
};

std::string port_and_names(std::string_view text) {
    std::string names;
    const auto value = json::loads<json::Value>(text);
    const int port = value["server"]["port"].as<int>();
    for (const auto& [name, child] : value.object()) names += " " + name + dumps(child);
    return std::to_string(port) + names;
}

TEST(Value, is_looked_into) {
    EXPECT_EQ(port_and_names(R"({"server":{"port":8080},"debug":true})"),
              R"(8080 server{"port":8080} debugtrue)");
    const Value value = parse(R"({"list":[{"a":1},{"a":2}],"server":{"host":"h"}})");
    EXPECT_EQ(value["list"][1]["a"].as<int>(), 2);
    EXPECT_EQ(value["list"].array().size(), 2U);
    EXPECT_TRUE(value["list"][0]->is_object());
    EXPECT_EQ(*value["list"][0]["a"], Value(1));
    EXPECT_EQ(value["server"].as<Server>().host, "h");
    EXPECT_EQ((value["list"].as<std::vector<std::map<std::string, int>>>()[1].at("a")), 2);
    EXPECT_EQ(value["list"][0].as<Value>(), *value["list"][0]);
    const auto list = value["list"];
    EXPECT_EQ(list[0]["a"].as<int>(), 1);
    EXPECT_EQ(list[1]["a"].as<int>(), 2);
    EXPECT_EQ(value.get("nothing"), nullptr);
    EXPECT_EQ(value.get("list")->get("a"), nullptr);
}

TEST(Value, becomes_other_types_as_the_reader_makes_them) {
    EXPECT_EQ(Value("12").as<int>(), 12);
    EXPECT_EQ(Value(12).as<double>(), 12.0);
    EXPECT_EQ(Value(2.0).as<std::int8_t>(), 2);
    EXPECT_EQ(Value("yes").as<bool>(), true);
    EXPECT_EQ(Value(UINT64_MAX).as<std::uint64_t>(), UINT64_MAX);
    EXPECT_EQ(Value(INT64_MIN).as<std::int64_t>(), INT64_MIN);
    EXPECT_EQ(Value().as<std::optional<int>>(), std::nullopt);
    EXPECT_EQ(Value("x").as<std::string>(), "x");
    EXPECT_EQ((Value(5).as<json::Annotated<int, json::Field{.ge = 5}>>()), 5);
}

template <class Look>
std::string error_of(std::string_view text, Look look) {
    const Value value = parse(text);
    try {
        look(value);
        return "none";
    } catch (const json::ValidationError& error) {
        std::string found;
        for (const auto& one : error.errors())
            found += json::describe(one.loc) + ": " + one.type + "; ";
        return found;
    }
}

TEST(Value, errors_tell_the_place_and_what_is_missing) {
    constexpr std::string_view text = R"({"a":{"b":[1,{"c":"x"}]}})";
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["a"]["z"]; }), "a.z: missing; ");
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["z"]["a"]; }), "z: missing; ");
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["a"]["b"][2]; }), "a.b.2: missing; ");
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["a"]["b"]["c"]; }), "a.b: dict_type; ");
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["a"][0]; }), "a: list_type; ");
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["a"].array().size(); }),
              "a: list_type; ");
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["a"]["b"].object().size(); }),
              "a.b: dict_type; ");
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["a"]["b"][1]["c"].as<int>(); }),
              "a.b.1.c: int_parsing; ");
    EXPECT_EQ(error_of(text, [](const Value& v) { return v["a"].as<Server>().port; }),
              "a.host: missing; ");
    EXPECT_EQ(
        error_of(text, [](const Value& v) { return v["a"]["b"].as<std::vector<int>>().size(); }),
        "a.b.1: int_type; ");
    EXPECT_EQ(error_of("300", [](const Value& v) { return v.as<std::uint8_t>(); }),
              ": less_than_equal; ");
    try {
        static_cast<void>(parse(text)["a"]["z"]);
        FAIL();
    } catch (const json::ValidationError& error) {
        EXPECT_STREQ(error.what(), "1 validation error\na.z\n  Field required [type=missing]");
    }
}

TEST(Value, is_made_and_changed) {
    json::Value value = json::Object{{"server", json::Object{{"port", 8080}}}};
    value.object()["debug"] = true;
    value.object()["list"] = json::Array{1, "two", nullptr, 2.5};
    value.object()["list"].array().push_back(UINT64_MAX);
    value.object()["server"].object()["port"] = 1;
    EXPECT_EQ(dumps(value), R"({"server":{"port":1},"debug":true,)"
                            R"("list":[1,"two",null,2.5,18446744073709551615]})");
    Value copy = value;
    copy = copy.object()["server"].as<Value>();
    EXPECT_EQ(dumps(copy), R"({"port":1})");
    EXPECT_THROW(static_cast<void>(value.array()), json::ValidationError);
    EXPECT_THROW(static_cast<void>(Value(1).object()), json::ValidationError);
}

TEST(Object, has_each_name_once_in_the_order_of_coming) {
    json::Object event{{"type", "created"}, {"id", 7}};
    event["tags"] = json::Array{"new", "urgent"};
    EXPECT_EQ(dumps(event), R"({"type":"created","id":7,"tags":["new","urgent"]})");
    EXPECT_EQ(event.size(), 3U);
    EXPECT_TRUE(event.contains("id"));
    event["id"] = 8;
    *event.find("type") = "x";
    EXPECT_EQ(event.find("no"), nullptr);
    EXPECT_TRUE(event.erase("tags"));
    EXPECT_FALSE(event.erase("tags"));
    EXPECT_EQ(dumps(event), R"({"type":"x","id":8})");
    EXPECT_EQ(dumps(Object{{"a", 1}, {"a", 2}}), R"({"a":2})");
    EXPECT_TRUE(Object().empty());
}

TEST(Object, that_is_read_keeps_the_place_of_the_first_and_the_value_of_the_last) {
    EXPECT_EQ(dumps(parse(R"({"b":1,"a":2,"b":[3],"c":4,"a":5,"b":6})")), R"({"b":6,"a":5,"c":4})");
    EXPECT_EQ(dumps(loads<Object>(R"({"b":1,"a":2,"b":3})")), R"({"b":3,"a":2})");
    EXPECT_THROW(static_cast<void>(loads<Object>("[]")), json::ValidationError);
}

// Goal:   names that come again take no quadratic time.
// Method: as many as would take minutes.
TEST(Object, takes_many_names) {
    std::string text = "{";
    for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
    for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":1,";
    text.back() = '}';
    const auto object = loads<Object>(text);
    EXPECT_EQ(object.size(), 200'000U);
    EXPECT_EQ(object.begin()->second, Value(1));
    EXPECT_EQ(object, loads<Object>(text));
}

TEST(Value, equality_is_pythons) {
    EXPECT_EQ(Value(1), Value(1.0));
    EXPECT_NE(Value(1), Value(true));
    EXPECT_NE(Value(0), Value());
    EXPECT_EQ(Value(UINT64_MAX), Value(UINT64_MAX));
    EXPECT_NE(Value(UINT64_MAX), Value(-1));
    EXPECT_EQ(Value(std::uint64_t{1}), Value(1));
    EXPECT_EQ(Value(0x1p63), Value(std::uint64_t{1} << 63));
    EXPECT_NE(Value(0x1p64), Value(UINT64_MAX));
    EXPECT_NE(Value((std::int64_t{1} << 53) + 1), Value(0x1p53));
    EXPECT_NE(Value(1), Value(1.5));
    EXPECT_NE(Value(std::numeric_limits<double>::quiet_NaN()), Value(0));
    EXPECT_EQ(parse(R"({"a":1,"b":[2]})"), parse(R"({"b":[2.0],"a":1})"));
    EXPECT_NE(parse(R"({"a":1,"b":2})"), parse(R"({"a":1,"c":2})"));
    EXPECT_NE(parse(R"({"a":1})"), parse(R"({"a":1,"b":2})"));
    EXPECT_NE(parse("[1,2]"), parse("[2,1]"));
}

struct Envelope {
    std::string type;
    Value payload;
    Object headers;
    Array rest;
    Value note = nullptr;
    Value text = "x";
    json::Annotated<Value, json::Field{.required = json::Required::no}> more;
};

TEST(Value, is_a_member_of_models) {
    const std::string text =
        R"({"type":"t","payload":{"a":[1]},"headers":{"h":1},"rest":[1,"x"],"note":0,"text":null,"more":1})";
    EXPECT_EQ(dumps(loads<Envelope>(text)), text);
    const auto short_one =
        json::read<Envelope>(R"({"type":"t","payload":1,"headers":{},"rest":[]})");
    ASSERT_FALSE(short_one);
    // What an initializer does not change is required: see Field::required.
    EXPECT_EQ(json::describe(short_one.error().errors.front().loc), "note");
    EXPECT_EQ(short_one.error().errors.size(), 1U);
}

TEST(Value, numbers_without_room_are_errors_at_their_place) {
    EXPECT_EQ(error_of("0", [](const Value&) { parse(R"({"a":[0,18446744073709551616]})"); }),
              "a.1: int_parsing_size; ");
    EXPECT_EQ(error_of("0", [](const Value&) { parse(R"({"a":1,"b":1e400})"); }),
              "b: finite_number; ");
    EXPECT_EQ(parse("1e-400"), Value(0));
}

TEST(Value, is_bounded_as_all_that_is_read) {
    const std::string deep = std::string(128, '[') + std::string(128, ']');
    EXPECT_EQ(dumps(parse(deep)), deep);
    EXPECT_THROW(static_cast<void>(parse("[" + deep + "]")), json::JSONDecodeError);
    EXPECT_THROW(static_cast<void>(loads<Value>("[1,2,3]", {.bytes_max = 6})),
                 json::ValidationError);
    // What a program nests deeper can still be told not to be what is wanted.
    Value deeper = parse(deep);
    for (int i = 0; i < 200; ++i) deeper = Array{std::move(deeper)};
    EXPECT_THROW(static_cast<void>(deeper.as<std::vector<int>>()), json::ValidationError);
    EXPECT_THROW(static_cast<void>(dumps(Value(std::numeric_limits<double>::infinity()))),
                 weft::ValueError);
}

}  // namespace
