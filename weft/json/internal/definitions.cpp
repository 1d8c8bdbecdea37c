// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/definitions.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <weft/json/field.hpp>
#include <weft/json/read.hpp>
#include <weft/json/value.hpp>

namespace weft::json::internal {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// As pydantic makes the names of definitions: `Page<a::Item>` is Page_a__Item_.
std::string definition_name(std::string_view printed) {
    std::string name(printed);
    for (char& c : name) {
        if (!is_letter(c) && !is_digit(c) && c != '.' && c != '-') c = '_';
    }
    return name;
}

}  // namespace

std::string title_of(std::string_view name) {
    std::string title;
    bool is_in_word = false;
    for (const char c : name) {
        title += c == '_' ? ' ' : is_in_word ? lower(c) : upper(c);
        is_in_word = is_letter(c);
    }
    const std::size_t begin = std::min(title.find_first_not_of(' '), title.size());
    return title.substr(begin, title.find_last_not_of(' ') + 1 - begin);
}

std::string_view short_name(std::string_view printed) {
    const std::string_view before_arguments = printed.substr(0, printed.find('<'));
    return printed.substr(before_arguments.rfind(':') + 1);
}

// ---- definitions

bool Definitions::claim(const void* type, std::string_view printed) {
    if (claims_.contains(type)) return false;
    const auto is_free = [&](std::string_view name) {
        return std::ranges::none_of(claims_,
                                    [&](const auto& claim) { return claim.second.name == name; });
    };
    std::string name = definition_name(short_name(printed));
    if (!is_free(name)) name = definition_name(printed);
    // Types of functions and unnamed namespaces may be printed alike.
    const std::string full = name;
    for (int number = 2; !is_free(name); ++number) name = full + "_" + std::to_string(number);
    claims_[type] = {.name = std::move(name)};
    return true;
}

void Definitions::define(const void* type, Value schema) {
    all_[claims_.at(type).name] = std::move(schema);
}

Value Definitions::reference(const void* type) {
    Claim& claim = claims_.at(type);
    ++claim.references;
    return Object{{"$ref", ref_prefix_ + claim.name}};
}

Value Definitions::document(Value root) && {
    for (const auto& [type, claim] : claims_) {
        if (claim.references != 1 || root != Value(Object{{"$ref", ref_prefix_ + claim.name}}))
            continue;
        root = std::move(*all_.find(claim.name));
        all_.erase(claim.name);
        break;
    }
    if (!all_.empty()) root.object()["$defs"] = std::move(all_);
    return root;
}

// ---- schemas

namespace {

Value to_value(const Bound& bound) {
    return bound.kind == Bound::Kind::integer ? Value(bound.integer) : Value(bound.real);
}

void add_bound(Object& schema, std::string_view keyword, const Bound& bound) {
    if (bound.is_set()) schema[keyword] = to_value(bound);
}

void add_bounds(Object& schema, const Field& field) {
    add_bound(schema, "exclusiveMinimum", field.gt);
    add_bound(schema, "minimum", field.ge);
    add_bound(schema, "exclusiveMaximum", field.lt);
    add_bound(schema, "maximum", field.le);
    add_bound(schema, "multipleOf", field.multiple_of);
}

void add_lengths(Object& schema, const Field& field, std::string_view min, std::string_view max) {
    if (field.min_length > 0) schema[min] = field.min_length;
    if (field.max_length != Field{}.max_length) schema[max] = field.max_length;
}

}  // namespace

Value string_schema(const Field& field) {
    Object schema{{"type", "string"}};
    add_lengths(schema, field, "minLength", "maxLength");
    if (!field.pattern.empty()) schema["pattern"] = field.pattern.view();
    return schema;
}

Value texts_schema(std::span<const std::string_view> texts) {
    Object schema{{"type", "string"}};
    if (texts.size() == 1) {
        schema["const"] = texts.front();
    } else {
        schema["enum"] = Array(texts.begin(), texts.end());
    }
    return schema;
}

Value number_schema(const Field& field) {
    Object schema{{"type", "number"}};
    add_bounds(schema, field);
    return schema;
}

Value integer_schema(const Field& field, const Bound& lowest, const Bound& highest) {
    Object schema{{"type", "integer"}};
    add_bounds(schema, field);
    const bool is_low_told = (field.ge.is_set() && field.ge.real >= lowest.real) ||
                             (field.gt.is_set() && field.gt.real >= lowest.real);
    const bool is_high_told = (field.le.is_set() && field.le.real <= highest.real) ||
                              (field.lt.is_set() && field.lt.real <= highest.real);
    if (!is_low_told) add_bound(schema, "minimum", lowest);
    if (!is_high_told) add_bound(schema, "maximum", highest);
    return schema;
}

Value array_schema(Value items, bool is_unique, const Field& field) {
    Object schema{{"type", "array"}, {"items", std::move(items)}};
    if (is_unique) schema["uniqueItems"] = true;
    add_lengths(schema, field, "minItems", "maxItems");
    return schema;
}

Value tuple_schema(Array elements) {
    const std::size_t size = elements.size();
    Object schema{{"type", "array"}};
    if (size > 0) schema["prefixItems"] = std::move(elements);
    schema["minItems"] = size;
    schema["maxItems"] = size;
    return schema;
}

Value map_schema(Value values, const Field& field) {
    // Anything at all is `true` here, as pydantic has it.
    const bool takes_all = values == Value(Object());
    Object schema{{"type", "object"},
                  {"additionalProperties", takes_all ? Value(true) : std::move(values)}};
    add_lengths(schema, field, "minProperties", "maxProperties");
    return schema;
}

Value any_of(Array alternatives) {
    Array flat;
    const auto add = [&](const Value& schema) {
        if (std::ranges::find(flat, schema) == flat.end()) flat.push_back(schema);
    };
    for (const Value& schema : alternatives) {
        const Value* const inner = schema.get("anyOf");
        if (inner && schema.object().size() == 1) {
            std::ranges::for_each(inner->array(), add);
        } else {
            add(schema);
        }
    }
    return flat.size() == 1 ? std::move(flat.front()) : Value(Object{{"anyOf", std::move(flat)}});
}

Value one_of(Array alternatives, std::string_view discriminator, Object mapping) {
    return Object{{"oneOf", std::move(alternatives)},
                  {"discriminator",
                   Object{{"propertyName", discriminator}, {"mapping", std::move(mapping)}}}};
}

// ---- models

void ModelSchema::add_required(std::string_view name, Value schema) {
    properties_[name] = std::move(schema);
    required_.emplace_back(name);
}

void ModelSchema::add_optional(std::string_view name, Value schema, std::string_view initial) {
    if (!initial.empty()) schema.object()["default"] = loads<Value>(initial);
    properties_[name] = std::move(schema);
}

Value ModelSchema::finish(bool forbids_extra) && {
    Object schema{{"title", title_}, {"type", "object"}, {"properties", std::move(properties_)}};
    if (!required_.empty()) schema["required"] = std::move(required_);
    if (forbids_extra) schema["additionalProperties"] = false;
    return schema;
}

}  // namespace weft::json::internal
