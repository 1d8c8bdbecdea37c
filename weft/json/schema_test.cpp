// SPDX-License-Identifier: Apache-2.0
// Schemas as pydantic 2.13's model_json_schema() gives them for the same models; tests/json compares with it
// and with the package jsonschema.
#include <weft/json/schema.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/uuid.hpp>
#include <weft/json/chrono.hpp>  // NOLINT(misc-include-cleaner): schema() finds it by argument
#include <weft/json/field.hpp>
#include <weft/json/internal/definitions.hpp>
#include <weft/json/literal.hpp>
#include <weft/json/read.hpp>
#include <weft/json/read_options.hpp>
#include <weft/json/uuid.hpp>  // NOLINT(misc-include-cleaner): the same
#include <weft/json/value.hpp>
#include <weft/json/write.hpp>

namespace {

namespace json = weft::json;
using json::Annotated;
using json::Field;
using json::Literal;
using json::Required;
using json::Value;

template <class T>
void expect_schema(std::string_view wanted) {
    const Value schema = json::schema<T>();
    EXPECT_EQ(schema, json::loads<Value>(wanted)) << json::dumps(schema);
}

struct Item {
    Annotated<std::string, Field{.min_length = 1, .max_length = 50, .pattern = "^[a-z]"}> name;
    Annotated<double, Field{.gt = 0, .le = 10.5, .multiple_of = 0.5}> unit_price;
    std::optional<std::string> description;
    std::int64_t stock = 0;
};

TEST(Schema, of_a_struct) {
    const std::string text = json::dumps(json::schema<Item>());
    EXPECT_EQ(
        text,
        R"({"title":"Item","type":"object","properties":{)"
        R"("name":{"type":"string","minLength":1,"maxLength":50,"pattern":"^[a-z]","title":"Name"},)"
        R"("unit_price":{"type":"number","exclusiveMinimum":0,"maximum":10.5,"multipleOf":0.5,)"
        R"("title":"Unit Price"},)"
        R"("description":{"anyOf":[{"type":"string"},{"type":"null"}],"title":"Description","default":null},)"
        R"("stock":{"type":"integer","title":"Stock","default":0}},)"
        R"("required":["name","unit_price"]})");
}

enum class Color : std::uint8_t { red, dark_blue };
enum class One : std::uint8_t { only };

TEST(Schema, of_scalars) {
    expect_schema<bool>(R"({"type":"boolean"})");
    expect_schema<double>(R"({"type":"number"})");
    expect_schema<std::string>(R"({"type":"string"})");
    expect_schema<std::monostate>(R"({"type":"null"})");
    expect_schema<Color>(R"({"title":"Color","type":"string","enum":["red","dark_blue"]})");
    expect_schema<One>(R"({"title":"One","type":"string","enum":["only"]})");
    expect_schema<Literal<"a">>(R"({"type":"string","const":"a"})");
    expect_schema<Literal<"a", "b">>(R"({"type":"string","enum":["a","b"]})");
    expect_schema<std::chrono::sys_seconds>(R"({"type":"string","format":"date-time"})");
    expect_schema<std::chrono::year_month_day>(R"({"type":"string","format":"date"})");
    expect_schema<std::chrono::sys_days>(R"({"type":"string","format":"date"})");
    expect_schema<std::chrono::minutes>(R"({"type":"string","format":"duration"})");
    expect_schema<weft::UUID>(R"({"type":"string","format":"uuid"})");
    expect_schema<Value>("{}");
    expect_schema<json::Object>(R"({"type":"object","additionalProperties":true})");
}

template <Field F, class T = int>
using Only = Annotated<T, F>;

TEST(Schema, integers_have_the_bounds_of_their_type_unless_the_field_has_closer_ones) {
    expect_schema<std::int64_t>(R"({"type":"integer"})");
    expect_schema<std::uint64_t>(R"({"type":"integer","minimum":0})");
    expect_schema<std::uint8_t>(R"({"type":"integer","minimum":0,"maximum":255})");
    expect_schema<std::int32_t>(R"({"type":"integer","minimum":-2147483648,"maximum":2147483647})");
    expect_schema<Only<Field{.ge = 0, .lt = 10}, std::int8_t>>(
        R"({"type":"integer","minimum":0,"exclusiveMaximum":10})");
    expect_schema<Only<Field{.ge = -1000, .le = 1000}, std::int8_t>>(
        R"({"type":"integer","minimum":-128,"maximum":127})");
    expect_schema<Only<Field{.gt = -1000, .lt = 1000, .multiple_of = 2}, std::int8_t>>(
        R"({"type":"integer","exclusiveMinimum":-1000,"minimum":-128,"exclusiveMaximum":1000,)"
        R"("maximum":127,"multipleOf":2})");
    expect_schema<Only<Field{.gt = 5, .le = 300}, std::uint64_t>>(
        R"({"type":"integer","exclusiveMinimum":5,"maximum":300})");
}

TEST(Schema, of_containers) {
    expect_schema<std::vector<bool>>(R"({"type":"array","items":{"type":"boolean"}})");
    expect_schema<Only<Field{.min_length = 1, .max_length = 3}, std::vector<double>>>(
        R"({"type":"array","items":{"type":"number"},"minItems":1,"maxItems":3})");
    expect_schema<std::set<std::string>>(
        R"({"type":"array","items":{"type":"string"},"uniqueItems":true})");
    expect_schema<std::array<bool, 2>>(
        R"({"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":2})");
    expect_schema<std::tuple<std::int64_t, std::string>>(
        R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"minItems":2,"maxItems":2})");
    expect_schema<std::tuple<>>(R"({"type":"array","minItems":0,"maxItems":0})");
    expect_schema<Only<Field{.min_length = 1, .max_length = 2}, std::map<std::string, double>>>(
        R"({"type":"object","additionalProperties":{"type":"number"},"minProperties":1,"maxProperties":2})");
    expect_schema<std::map<std::string, Value>>(R"({"type":"object","additionalProperties":true})");
    expect_schema<json::Array>(R"({"type":"array","items":{}})");
}

TEST(Schema, of_unions_has_each_alternative_once) {
    using Text = std::variant<std::int64_t, std::string>;
    expect_schema<Text>(R"({"anyOf":[{"type":"integer"},{"type":"string"}]})");
    expect_schema<std::optional<Text>>(
        R"({"anyOf":[{"type":"integer"},{"type":"string"},{"type":"null"}]})");
    expect_schema<std::variant<std::monostate, std::optional<Text>, std::string>>(
        R"({"anyOf":[{"type":"null"},{"type":"integer"},{"type":"string"}]})");
    expect_schema<std::unique_ptr<std::monostate>>(R"({"type":"null"})");
    expect_schema<Only<Field{.gt = 3}, std::optional<double>>>(
        R"({"anyOf":[{"type":"number","exclusiveMinimum":3},{"type":"null"}]})");
}

struct Cat {
    Literal<"cat", "lion"> kind;
};
struct Dog {
    Literal<"dog"> kind;
};
struct Owner {
    Annotated<std::variant<Cat, Dog>, Field{.discriminator = "kind"}> pet;
};

TEST(Schema, of_a_union_with_a_tag) {
    expect_schema<Owner>(
        R"({"title":"Owner","type":"object","required":["pet"],"properties":{"pet":{"title":"Pet",)"
        R"("oneOf":[{"$ref":"#/$defs/Cat"},{"$ref":"#/$defs/Dog"}],"discriminator":{"propertyName":"kind",)"
        R"("mapping":{"cat":"#/$defs/Cat","lion":"#/$defs/Cat","dog":"#/$defs/Dog"}}}},"$defs":{)"
        R"("Cat":{"title":"Cat","type":"object","required":["kind"],"properties":{"kind":{"title":"Kind",)"
        R"("type":"string","enum":["cat","lion"]}}},)"
        R"("Dog":{"title":"Dog","type":"object","required":["kind"],"properties":{"kind":{"title":"Kind",)"
        R"("type":"string","const":"dog"}}}}})");
}

struct Inner {
    bool on = true;
};
struct Outer {
    Inner plain;
    std::optional<Inner> maybe;
    std::vector<Inner> list;
    Color color = Color::dark_blue;
    Inner changed = {.on = false};
};

TEST(Schema, structs_and_enums_within_are_definitions_with_titles_of_their_own) {
    expect_schema<Outer>(
        R"({"title":"Outer","type":"object","properties":{"plain":{"$ref":"#/$defs/Inner"},)"
        R"("maybe":{"anyOf":[{"$ref":"#/$defs/Inner"},{"type":"null"}],"default":null},)"
        R"("list":{"type":"array","items":{"$ref":"#/$defs/Inner"},"title":"List"},)"
        R"("color":{"$ref":"#/$defs/Color","default":"dark_blue"},)"
        R"("changed":{"$ref":"#/$defs/Inner","default":{"on":false}}},"required":["plain","list"],"$defs":{)"
        R"("Inner":{"title":"Inner","type":"object","properties":{"on":{"title":"On","type":"boolean",)"
        R"("default":true}}},"Color":{"title":"Color","type":"string","enum":["red","dark_blue"]}}})");
    expect_schema<std::vector<Inner>>(
        R"({"type":"array","items":{"$ref":"#/$defs/Inner"},"$defs":{"Inner":{"title":"Inner",)"
        R"("type":"object","properties":{"on":{"title":"On","type":"boolean","default":true}}}}})");
}

struct Node {
    bool leaf;
    Annotated<std::vector<Node>, Field{.required = Required::no}> children;
    std::unique_ptr<Node> next;
};

TEST(Schema, types_that_contain_themselves_refer_to_themselves) {
    constexpr std::string_view definition =
        R"("$defs":{"Node":{"title":"Node","type":"object","properties":{"leaf":{"title":"Leaf",)"
        R"("type":"boolean"},"children":{"title":"Children","type":"array","default":[],)"
        R"("items":{"$ref":"#/$defs/Node"}},"next":{"default":null,"anyOf":[{"$ref":"#/$defs/Node"},)"
        R"({"type":"null"}]}},"required":["leaf"]}})";
    expect_schema<Node>(R"({"$ref":"#/$defs/Node",)" + std::string(definition) + "}");
}

namespace other {
struct Item {
    bool flag;
};
}  // namespace other
template <class T>
struct Page {
    std::vector<T> items;
};
struct Both {
    Item mine;
    other::Item theirs;
    Page<other::Item> page;
};

TEST(Schema, definitions_of_the_same_name_have_their_namespaces_too) {
    const Value schema = json::schema<Both>();
    std::string names;
    for (const auto& [name, definition] : schema["$defs"].object()) names += name + " ";
    EXPECT_TRUE(names.starts_with("Item ")) << names;
    EXPECT_NE(names.find("__other__Item "), std::string::npos) << names;
    EXPECT_NE(names.find(" Page_"), std::string::npos) << names;
    for (const auto& [name, property] : schema["properties"].object()) {
        const auto ref = property.get("$ref")->as<std::string>();
        EXPECT_TRUE(ref.starts_with("#/$defs/"));
        EXPECT_TRUE(schema["$defs"].object().contains(ref.substr(8))) << ref;
    }
    EXPECT_NE(schema["properties"]["mine"]["$ref"].as<std::string>(),
              schema["properties"]["theirs"]["$ref"].as<std::string>());
}

TEST(Schema, several_types_share_their_definitions) {
    json::Schemas schemas({.ref_prefix = "#/components/schemas/"});
    const json::Value item = schemas.add<Item>();
    const json::Object& components = schemas.definitions();
    EXPECT_EQ(json::dumps(item), R"({"$ref":"#/components/schemas/Item"})");
    EXPECT_EQ(schemas.add<Item>(), item);
    EXPECT_EQ(json::dumps(schemas.add<std::vector<Item>>()),
              R"({"type":"array","items":{"$ref":"#/components/schemas/Item"}})");
    static_cast<void>(schemas.add<Owner>());
    EXPECT_EQ(components.size(), 4U);
    EXPECT_EQ((*components.find("Owner"))["properties"]["pet"]["discriminator"]["mapping"]["dog"]
                  .as<std::string>(),
              "#/components/schemas/Dog");
}

TEST(Schema, forbids_other_fields_where_the_reader_is_to) {
    const Value schema = json::schema<Outer>({.extra = json::Extra::forbid});
    EXPECT_EQ(*schema["additionalProperties"], Value(false));
    EXPECT_EQ(*schema["$defs"]["Inner"]["additionalProperties"], Value(false));
}

class Celsius {
public:
    [[nodiscard]] double to_json() const { return degrees_; }
    static Celsius from_json(double degrees) {
        Celsius made;
        made.degrees_ = degrees;
        return made;
    }

private:
    double degrees_ = 0;
};
struct Odd {
    Celsius temperature;
    double none = std::numeric_limits<double>::quiet_NaN();
    std::chrono::sys_days day = std::chrono::sys_days(std::chrono::days(1));
    Annotated<bool, Field{.alias = "itemCount"}> flag = true;
};

TEST(Schema, of_types_that_are_others_of_defaults_that_are_none_and_of_aliases) {
    expect_schema<Odd>(
        R"({"title":"Odd","type":"object","required":["temperature"],"properties":{)"
        R"("temperature":{"title":"Temperature","type":"number"},"none":{"title":"None","type":"number"},)"
        R"("day":{"title":"Day","type":"string","format":"date","default":"1970-01-02"},)"
        R"("itemCount":{"title":"Itemcount","type":"boolean","default":true}}})");
}

TEST(Schema, titles_are_those_of_pythons_str_title) {
    const std::vector<std::pair<std::string, std::string>> titles = {
        {"name", "Name"},
        {"http2_port", "Http2 Port"},
        {"itemCount", "Itemcount"},
        {"_a__b_", "A  B"},
        {"a1b", "A1B"},
        {"URL", "Url"},
        {"@type-x", "@Type-X"},
        {"", ""},
        {"größe", "Größe"},
    };
    for (const auto& [name, title] : titles) EXPECT_EQ(json::internal::title_of(name), title);
}

}  // namespace
