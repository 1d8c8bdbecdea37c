// SPDX-License-Identifier: Apache-2.0
#include <weft/http/entity_tag.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/http_date.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

// RFC 9110 §8.8.3: etagc. A backslash escapes nothing.
bool is_tag_byte(char c) noexcept {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte > 0x20 && byte != 0x7f && byte != '"';
}

}  // namespace

std::expected<EntityTag, FieldError> EntityTag::parse(std::string_view text) {
    std::string_view tag = trimmed(text);
    const bool is_weak = tag.starts_with("W/");
    if (is_weak) tag.remove_prefix(2);
    const bool is_quoted = tag.size() >= 2 && tag.starts_with('"') && tag.ends_with('"');
    if (is_quoted) tag = tag.substr(1, tag.size() - 2);
    if (!is_quoted || !std::ranges::all_of(tag, is_tag_byte)) {
        return std::unexpected(FieldError(FieldProblem::bad_entity_tag, text));
    }
    return EntityTag{.value = std::string(tag), .is_weak = is_weak};
}

std::string EntityTag::to_string() const {
    if (!std::ranges::all_of(value, is_tag_byte)) {
        throw ValueError(in_quotes(value) + " is no value of an entity tag");
    }
    return (is_weak ? "W/\"" : "\"") + value + "\"";
}

bool is_strongly_equal(const EntityTag& a, const EntityTag& b) noexcept {
    return a.value == b.value && !a.is_weak && !b.is_weak;
}
bool is_weakly_equal(const EntityTag& a, const EntityTag& b) noexcept { return a.value == b.value; }

bool if_range_holds(std::string_view if_range, const std::optional<EntityTag>& entity_tag,
                    std::optional<std::chrono::sys_seconds> last_modified) {
    if (const auto tag = EntityTag::parse(if_range)) {
        return entity_tag && is_strongly_equal(*tag, *entity_tag);
    }
    const auto date = parse_http_date(if_range);
    return date && last_modified == *date;
}

}  // namespace weft::http
