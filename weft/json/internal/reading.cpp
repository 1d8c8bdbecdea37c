// SPDX-License-Identifier: Apache-2.0
#include <weft/json/internal/reading.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <weft/json/field.hpp>
#include <weft/json/internal/document.hpp>
#include <weft/json/internal/error_texts.hpp>
#include <weft/json/internal/numbers.hpp>
#include <weft/json/internal/tape.hpp>
#include <weft/json/read_options.hpp>
#include <weft/json/validation_error.hpp>

namespace weft::json::internal {
namespace {

std::optional<bool> word_to_bool(std::string_view text) {
    constexpr std::array<std::string_view, 6> yes = {"1", "on", "t", "true", "y", "yes"};
    constexpr std::array<std::string_view, 6> no = {"0", "off", "f", "false", "n", "no"};
    std::string lower(text.substr(0, 6));
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    if (text.size() < 6 && std::ranges::find(yes, lower) != yes.end()) return true;
    if (text.size() < 6 && std::ranges::find(no, lower) != no.end()) return false;
    return std::nullopt;
}

bool is_real(std::string_view number) { return number.find_first_of(".eE") != number.npos; }

}  // namespace

// ---- begin and end

Reading::Reading(std::string_view text, const ReadOptions& options)
    : options_(options), text_(text) {
    const std::size_t bytes_max = std::min(options.bytes_max, text_bytes_max);
    if (text.size() > bytes_max) {
        errors_.errors.push_back(too_many_bytes(bytes_max));
        return;
    }
    const auto parsed = document_.parse(text, options.depth_max);
    if (parsed) {
        tape_ = *parsed;
        return;
    }
    fault_ = parsed.error();
    errors_.errors.push_back(broken_text(*fault_, text));
}

ValidationErrors Reading::take_errors() {
    for (ErrorDetails& error : errors_.errors) std::ranges::reverse(error.loc);
    return std::move(errors_);
}

void Reading::raise() {
    if (fault_ && fault_->what != not_utf8) {
        throw JSONDecodeError(take_errors(), fault_->what, text_, fault_->at);
    }
    throw ValidationError(take_errors());
}

// ---- errors

bool Reading::record(std::string_view type, std::string message, std::string context, Place at) {
    if (is_trying_) return false;
    if (mark() >= options_.errors_max) {
        ++errors_.omitted;
        return false;
    }
    ErrorDetails error{.type = std::string(type),
                       .loc = {},
                       .msg = std::move(message),
                       .input = {},
                       .ctx = std::move(context)};
    if (!append_input(tape_, at, options_.input_bytes_max, error.input)) error.input.clear();
    errors_.errors.push_back(std::move(error));
    return false;
}

bool Reading::fail(std::string_view type, Place at) {
    return record(type, message_of(type), "", at);
}

bool Reading::fail_bound(std::string_view constraint, const Bound& bound, bool is_real, Place at) {
    const ErrorText text = bound_text(constraint, bound, is_real);
    return record(text.type, text.msg, text.ctx, at);
}

bool Reading::fail_string_length(bool is_too_long, std::size_t bound, Place at) {
    const ErrorText text = string_length_text(is_too_long, bound);
    return record(text.type, text.msg, text.ctx, at);
}

bool Reading::fail_length(std::string_view field_type, bool is_too_long, std::size_t bound,
                          std::optional<std::size_t> actual, Place at) {
    const ErrorText text = length_text(field_type, is_too_long, bound, actual);
    return record(text.type, text.msg, text.ctx, at);
}

bool Reading::fail_missing(std::string_view name, Place object) {
    const std::size_t before = mark();
    fail("missing", object);
    return within(before, name);
}

bool Reading::fail_expected(std::string_view type, std::span<const std::string_view> expected,
                            Place at) {
    const ErrorText text = expected_text(type, expected);
    return record(text.type, text.msg, text.ctx, at);
}

bool Reading::fail_pattern(std::string_view pattern, Place at) {
    const ErrorText text = pattern_text(pattern);
    return record(text.type, text.msg, text.ctx, at);
}

bool Reading::fail_parsing(std::string_view type, std::string_view why, Place at) {
    const ErrorText text = parsing_text(type, why);
    return record(text.type, text.msg, text.ctx, at);
}

bool Reading::fail_tag(std::string_view discriminator, Place tag,
                       std::span<const std::string_view> tags, Place object) {
    if (is_trying_) return false;
    ErrorText text = tag_missing_text(discriminator);
    if (tag != nullptr) {
        std::string shown;
        const bool is_short = append_input(tape_, tag, options_.input_bytes_max, shown);
        if (is_short && internal::tag(tag) == '"') shown = tape_.text(tag);
        text = tag_text(discriminator, is_short ? shown : "…", tags);
    }
    return record(text.type, text.msg, text.ctx, object);
}

bool Reading::fail_value(std::string_view why, Place at) {
    return record("value_error", "Value error, " + std::string(why), R"({"error":{}})", at);
}

bool Reading::fail_range(std::uint64_t bound, bool is_negative, std::size_t bytes, Place at) {
    if (bytes == sizeof(std::int64_t) && !(is_negative && bound == 0)) {
        return fail("int_parsing_size", at);
    }
    const auto limit = static_cast<std::int64_t>(bound);
    return fail_bound(is_negative ? "ge" : "le", is_negative ? -limit : limit, false, at);
}

bool Reading::within(std::size_t mark, std::string_view name) {
    for (ErrorDetails& error : std::span(errors_.errors).subspan(mark)) {
        error.loc.emplace_back(std::string(name));
    }
    return false;
}

bool Reading::within(std::size_t mark, std::size_t index) {
    for (ErrorDetails& error : std::span(errors_.errors).subspan(mark)) {
        error.loc.emplace_back(index);
    }
    return false;
}

void Reading::forget_named(std::size_t mark, std::string_view name) {
    const LocItem step = std::string(name);
    const auto begin = errors_.errors.begin() + static_cast<std::ptrdiff_t>(mark);
    const auto is_named = [&](const ErrorDetails& error) { return error.loc.back() == step; };
    errors_.errors.erase(std::remove_if(begin, errors_.errors.end(), is_named),
                         errors_.errors.end());
}

void Reading::forget_since(const Recorded& then) {
    errors_.errors.resize(then.errors);
    errors_.omitted = then.omitted;
}

// Alternatives that contain unions of their own multiply: two in each of 100 levels would be read
// 2^100 times.
bool Reading::pay_for_trial(Place at) {
    constexpr std::uint64_t trials_of_each_value = 64;
    if (!trials_left_) {
        trials_left_ =
            trials_of_each_value * static_cast<std::uint64_t>(tape_.after(root()) - root());
    }
    const auto cost = static_cast<std::uint64_t>(tape_.after(at) - at);
    if (cost <= *trials_left_) {
        *trials_left_ -= cost;
        return true;
    }
    return fail_value("its unions can be read in too many ways", at);
}

// ---- scalars of another type than the one that was asked for

bool Reading::read_odd_bool(Place at, bool& out, bool strict) {
    if (!is_lax(strict)) return fail("bool_type", at);
    std::optional<bool> value;
    switch (tag(at)) {
        case '"':
            value = word_to_bool(tape_.text(at));
            break;
        case 'l':
            if (signed_at(at) == 0 || signed_at(at) == 1) value = signed_at(at) == 1;
            break;
        case 'd':
            // What is no integer of 64 bits is no number for pydantic here.
            if (double_at(at) != std::floor(double_at(at)) || std::fabs(double_at(at)) >= 0x1p63) {
                return fail("bool_type", at);
            }
            if (double_at(at) == 0 || double_at(at) == 1) value = double_at(at) == 1;
            break;
        case 'u':
            break;
        case 'Z':
            if (is_real(tape_.text(at))) return fail("bool_type", at);
            break;
        default:
            return fail("bool_type", at);
    }
    if (!value) return fail("bool_parsing", at);
    out = *value;
    return true;
}

bool Reading::read_odd_double(Place at, double& out, bool strict) {
    switch (tag(at)) {
        case 'u':
            out = static_cast<double>(unsigned_at(at));
            return true;
        case 'Z':
            out = decimal_to_double(tape_.text(at));
            return std::isfinite(out) || fail("finite_number", at);
        case 't':
        case 'f':
            if (!is_lax(strict)) break;
            out = tag(at) == 't' ? 1 : 0;
            return true;
        case '"': {
            if (!is_lax(strict)) break;
            const std::optional<double> value = text_to_double(tape_.text(at));
            if (!value) return fail("float_parsing", at);
            out = *value;
            return std::isfinite(out) || fail("finite_number", at);
        }
        default:
            break;
    }
    return fail("float_type", at);
}

bool Reading::read_odd_integer(Place at, Integer& out, bool strict) {
    switch (tag(at)) {
        case 'l':
            out.is_negative = signed_at(at) < 0;
            out.magnitude = static_cast<std::uint64_t>(signed_at(at));
            if (out.is_negative) out.magnitude = 0 - out.magnitude;
            return true;
        case 'u':
            out.magnitude = unsigned_at(at);
            return true;
        case 'Z':
            if (!is_real(tape_.text(at))) return fail("int_parsing_size", at);
            return fail(is_lax(strict) ? "finite_number" : "int_type", at);
        case 'd': {
            if (!is_lax(strict)) break;
            const double value = double_at(at);
            if (value != std::floor(value)) return fail("int_from_float", at);
            // The next integer over all of 64 bits.
            if (std::fabs(value) >= 0x1p64) return fail("int_parsing_size", at);
            out = {value < 0, static_cast<std::uint64_t>(std::fabs(value))};
            return true;
        }
        case 't':
        case 'f':
            if (!is_lax(strict)) break;
            out.magnitude = tag(at) == 't' ? 1 : 0;
            return true;
        case '"': {
            if (!is_lax(strict)) break;
            bool is_too_big = false;
            const std::optional<Integer> value = text_to_integer(tape_.text(at), is_too_big);
            if (!value) return fail("int_parsing", at);
            if (is_too_big) return fail("int_parsing_size", at);
            out = *value;
            return true;
        }
        default:
            break;
    }
    return fail("int_type", at);
}

}  // namespace weft::json::internal
