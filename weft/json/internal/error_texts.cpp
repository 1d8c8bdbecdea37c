// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/error_texts.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <weft/base/check.hpp>
#include <weft/json/field.hpp>
#include <weft/json/internal/document.hpp>
#include <weft/json/internal/output.hpp>
#include <weft/json/internal/utf8.hpp>
#include <weft/json/validation_error.hpp>

namespace weft::json::internal {
namespace {

struct Message {
    std::string_view type;
    std::string_view text;
};
constexpr std::array messages = {
    Message{"bool_parsing", "Input should be a valid boolean, unable to interpret input"},
    Message{"bool_type", "Input should be a valid boolean"},
    Message{"date_from_datetime_inexact",
            "Datetimes provided to dates should have zero time - e.g. be exact dates"},
    Message{"date_from_datetime_parsing", "Input should be a valid date or datetime, "},
    Message{"date_parsing", "Input should be a valid date in the format YYYY-MM-DD, "},
    Message{"date_type", "Input should be a valid date"},
    Message{"datetime_from_date_parsing", "Input should be a valid datetime or date, "},
    Message{"datetime_parsing", "Input should be a valid datetime, "},
    Message{"datetime_type", "Input should be a valid datetime"},
    Message{"dict_type", "Input should be a valid dictionary"},
    Message{"extra_forbidden", "Extra inputs are not permitted"},
    Message{"finite_number", "Input should be a finite number"},
    Message{"float_parsing", "Input should be a valid number, unable to parse string as a number"},
    Message{"float_type", "Input should be a valid number"},
    Message{"int_from_float",
            "Input should be a valid integer, got a number with a fractional part"},
    Message{"int_parsing", "Input should be a valid integer, unable to parse string as an integer"},
    Message{"int_parsing_size",
            "Unable to parse input string as an integer, exceeded maximum size"},
    Message{"int_type", "Input should be a valid integer"},
    Message{"list_type", "Input should be a valid list"},
    Message{"missing", "Field required"},
    Message{"model_attributes_type",
            "Input should be a valid dictionary or object to extract fields from"},
    Message{"none_required", "Input should be None"},
    Message{"set_type", "Input should be a valid set"},
    Message{"string_type", "Input should be a valid string"},
    Message{"time_delta_parsing", "Input should be a valid timedelta, "},
    Message{"time_delta_type", "Input should be a valid timedelta"},
    Message{"timezone_aware", "Input should have timezone info"},
    Message{"tuple_type", "Input should be a valid tuple"},
    Message{"uuid_parsing", "Input should be a valid UUID, "},
    Message{"uuid_type", "UUID input should be a string, bytes or UUID object"},
};

struct Constraint {
    std::string_view name;
    std::string_view type;
    std::string_view text;
};
constexpr std::array constraints = {
    Constraint{"gt", "greater_than", "greater than "},
    Constraint{"ge", "greater_than_equal", "greater than or equal to "},
    Constraint{"lt", "less_than", "less than "},
    Constraint{"le", "less_than_equal", "less than or equal to "},
    Constraint{"multiple_of", "multiple_of", "a multiple of "},
};

std::string number_text(const Bound& bound) {
    if (bound.kind == Bound::Kind::integer) return std::to_string(bound.integer);
    std::string text = double_text(bound.real);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
}

std::string number_in_context(const Bound& bound, bool is_real) {
    return is_real ? double_text(bound.real) : number_text(bound);
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string json_string(std::string_view text) {
    std::string json;
    Output out(json);
    out.put_string(text);
    out.finish();
    return json;
}

std::string plural(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

std::string message_of(std::string_view type) {
    const auto* const found = std::ranges::find(messages, type, &Message::type);
    check(found != messages.end(), "each kind of error has a message");
    return std::string(found->text);
}

ErrorText bound_text(std::string_view constraint, const Bound& bound, bool is_real) {
    const auto* const found = std::ranges::find(constraints, constraint, &Constraint::name);
    check(found != constraints.end(), "each constraint has a message");
    return {found->type, "Input should be " + std::string(found->text) + number_text(bound),
            "{\"" + std::string(constraint) + "\":" + number_in_context(bound, is_real) + "}"};
}

ErrorText string_length_text(bool is_too_long, std::size_t bound) {
    const std::string count = std::to_string(bound);
    if (is_too_long) {
        return {"string_too_long", "String should have at most " + plural(bound, "character"),
                "{\"max_length\":" + count + "}"};
    }
    return {"string_too_short", "String should have at least " + plural(bound, "character"),
            "{\"min_length\":" + count + "}"};
}

ErrorText length_text(std::string_view field_type, bool is_too_long, std::size_t bound,
                      std::optional<std::size_t> actual) {
    const std::string type(field_type);
    const std::string found = actual ? std::to_string(*actual) : "more";
    return {is_too_long ? "too_long" : "too_short",
            type + " should have at " + (is_too_long ? "most " : "least ") + plural(bound, "item") +
                " after validation, not " + found,
            "{\"field_type\":\"" + type + "\",\"" + (is_too_long ? "max" : "min") + "_length\":" +
                std::to_string(bound) + ",\"actual_length\":" + (actual ? found : "null") + "}"};
}

ErrorText expected_text(std::string_view type, std::span<const std::string_view> expected) {
    std::string list;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (i > 0) list += i + 1 == expected.size() ? " or " : ", ";
        list += in_quotes(expected[i]);
    }
    return {type, "Input should be " + list, "{\"expected\":" + json_string(list) + "}"};
}

ErrorText pattern_text(std::string_view pattern) {
    return {"string_pattern_mismatch", "String should match pattern " + in_quotes(pattern),
            "{\"pattern\":" + json_string(pattern) + "}"};
}

ErrorText parsing_text(std::string_view type, std::string_view why) {
    return {type, message_of(type) + std::string(why), "{\"error\":" + json_string(why) + "}"};
}

ErrorText tag_missing_text(std::string_view discriminator) {
    const std::string quoted = in_quotes(discriminator);
    return {"union_tag_not_found", "Unable to extract tag using discriminator " + quoted,
            "{\"discriminator\":" + json_string(quoted) + "}"};
}

ErrorText tag_text(std::string_view discriminator, std::string_view tag,
                   std::span<const std::string_view> tags) {
    const std::string quoted = in_quotes(discriminator);
    std::string expected;
    for (const std::string_view each : tags) {
        expected += (expected.empty() ? "" : ", ") + in_quotes(each);
    }
    return {"union_tag_invalid",
            "Input tag " + in_quotes(tag) + " found using " + quoted +
                " does not match any of the expected tags: " + expected,
            "{\"discriminator\":" + json_string(quoted) + ",\"tag\":" + json_string(tag) +
                ",\"expected_tags\":" + json_string(expected) + "}"};
}

ErrorDetails broken_text(const SyntaxFault& fault, std::string_view text) {
    if (fault.what == not_utf8) {
        return {
            .type = "string_unicode",
            .loc = {fault.at},
            .msg = "Input should be a valid string, unable to parse raw data as a unicode string",
            .input = {},
            .ctx = {}};
    }
    return {.type = "json_invalid",
            .loc = {count_characters(text.substr(0, fault.at))},
            .msg = "JSON decode error",
            .input = "{}",
            .ctx = "{\"error\":" + json_string(fault.what) + "}"};
}

ErrorDetails too_many_bytes(std::size_t bytes_max) {
    return {.type = "bytes_too_long",
            .loc = {},
            .msg = "Data should have at most " + plural(bytes_max, "byte"),
            .input = {},
            .ctx = "{\"max_length\":" + std::to_string(bytes_max) + "}"};
}

}  // namespace weft::json::internal
