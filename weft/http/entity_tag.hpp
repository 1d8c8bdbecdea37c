// SPDX-License-Identifier: Apache-2.0
// weft/http/entity_tag.hpp - EntityTag: which version of a content this is; ETag, If-Range.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/field_error.hpp>

namespace weft::http {

/// The value of an ETag: `"abc"`, or `W/"abc"` where the bytes may differ.
struct EntityTag {
    /// Errors: bad_entity_tag   it is none.
    /// Spec:   RFC 9110 §8.8.3.
    [[nodiscard]] static std::expected<EntityTag, FieldError> parse(std::string_view text);
    /// The text that parse() reads back.
    /// Errors: ValueError   the value holds a quote, a space or a control byte.
    [[nodiscard]] std::string to_string() const;

    std::string value;  ///< without the quotes
    bool is_weak = false;

    friend bool operator==(const EntityTag&, const EntityTag&) = default;
};

/// Whether both are of the same bytes: equal, and neither is weak.
/// Spec: RFC 9110 §8.8.3.2, the strong comparison.
[[nodiscard]] bool is_strongly_equal(const EntityTag& a, const EntityTag& b) noexcept;
/// Whether both are of contents that mean the same.
/// Spec: RFC 9110 §8.8.3.2, the weak comparison.
[[nodiscard]] bool is_weakly_equal(const EntityTag& a, const EntityTag& b) noexcept;

/// Whether an If-Range lets the Range beside it be answered: the content is still that of which the
/// client has a part. One that cannot be read lets nothing.
/// Spec: RFC 9110 §13.1.5. A date is the same only if it is exactly that.
[[nodiscard]] bool if_range_holds(std::string_view if_range,
                                  const std::optional<EntityTag>& entity_tag,
                                  std::optional<std::chrono::sys_seconds> last_modified);

}  // namespace weft::http
