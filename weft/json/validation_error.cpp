// SPDX-License-Identifier: Apache-2.0
#include <weft/json/validation_error.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <weft/base/exceptions.hpp>
#include <weft/json/internal/output.hpp>
#include <weft/json/internal/utf8.hpp>

namespace weft::json {
namespace {

std::string to_text(const LocItem& item) {
    const auto* const name = std::get_if<std::string>(&item);
    return name ? *name : std::to_string(std::get<std::size_t>(item));
}

std::string message_for(const ValidationErrors& errors) {
    const std::size_t count = errors.errors.size() + errors.omitted;
    std::string text = std::to_string(count) + " validation error" + (count == 1 ? "" : "s");
    for (const ErrorDetails& error : errors.errors) {
        if (!error.loc.empty()) text += "\n" + describe(error.loc);
        text += "\n  " + error.msg + " [type=" + error.type + "]";
    }
    if (errors.omitted > 0) text += "\nand " + std::to_string(errors.omitted) + " more";
    return text;
}

void put_loc(internal::Output& out, const std::vector<LocItem>& loc) {
    out.put_text("[");
    for (const LocItem& item : loc) {
        if (&item != loc.data()) out.put_text(",");
        if (const auto* const name = std::get_if<std::string>(&item)) {
            out.put_string(*name);
        } else {
            out.put_integer(std::get<std::size_t>(item));
        }
    }
    out.put_text("]");
}

void put_error(internal::Output& out, const ErrorDetails& error) {
    out.put_text("{\"type\":");
    out.put_string(error.type);
    out.put_text(",\"loc\":");
    put_loc(out, error.loc);
    out.put_text(",\"msg\":");
    out.put_string(error.msg);
    if (!error.input.empty()) {
        out.put_text(",\"input\":");
        out.put_text(error.input);
    }
    if (!error.ctx.empty()) {
        out.put_text(",\"ctx\":");
        out.put_text(error.ctx);
    }
    out.put_text("}");
}

}  // namespace

std::string describe(const std::vector<LocItem>& loc) {
    std::string text;
    for (const LocItem& item : loc) {
        if (&item != loc.data()) text += '.';
        text += to_text(item);
    }
    return text;
}

std::string to_json(const ValidationErrors& errors) {
    std::string json;
    internal::Output out(json);
    out.put_text("[");
    for (const ErrorDetails& error : errors.errors) {
        if (&error != errors.errors.data()) out.put_text(",");
        put_error(out, error);
    }
    out.put_text("]");
    out.finish();
    return json;
}

ValidationError::ValidationError(ValidationErrors errors)
    : ValueError(message_for(errors)), errors_(std::move(errors)) {}

ValidationError::ValidationError(ValidationErrors errors, const std::string& message)
    : ValueError(message), errors_(std::move(errors)) {}

namespace {

struct Position {
    std::size_t pos;
    std::size_t lineno;
    std::size_t colno;
};

Position position_in(std::string_view text, std::size_t byte) {
    const std::string_view before = text.substr(0, byte);
    const std::size_t line = before.rfind('\n') + 1;  // npos + 1 is 0
    return {internal::count_characters(before),
            static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
            internal::count_characters(before.substr(line)) + 1};
}

std::string message_at(std::string_view msg, const Position& place) {
    return std::string(msg) + ": line " + std::to_string(place.lineno) + " column " +
           std::to_string(place.colno) + " (char " + std::to_string(place.pos) + ")";
}

}  // namespace

JSONDecodeError::JSONDecodeError(ValidationErrors errors, std::string msg, std::string_view text,
                                 std::size_t byte)
    : ValidationError(std::move(errors), message_at(msg, position_in(text, byte))),
      msg_(std::move(msg)) {
    const Position place = position_in(text, byte);
    pos_ = place.pos;
    lineno_ = place.lineno;
    colno_ = place.colno;
}

}  // namespace weft::json
