// SPDX-License-Identifier: Apache-2.0
// weft/http/media_type.hpp - MediaType: what a body is, such as text/html with charset=utf-8.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/field_error.hpp>
#include <weft/http/multi_dict.hpp>

namespace weft::http {

/// The value of a Content-Type.
struct MediaType {
    static constexpr std::size_t parameters_max = 32;

    /// Reads what browsers read: parameters that are none are left out, spaces may be around `;`, and
    /// a quoted string may lack its end. Type, subtype and the names of parameters get lower case.
    ///
    /// Errors: bad_media_type, too_many_parameters.
    /// Limits: parameters_max, 32.
    /// Cost:   linear.
    /// Spec:   WHATWG MIME Sniffing §4.4, RFC 9110 §8.3.1. A parameter that comes twice is there
    ///         twice; browsers take the first one, as get() and charset() do.
    [[nodiscard]] static std::expected<MediaType, FieldError> parse(std::string_view text);

    /// `type/subtype`.
    [[nodiscard]] std::string essence() const { return type + "/" + subtype; }
    [[nodiscard]] std::optional<std::string_view> charset() const noexcept {
        return parameters.get("charset");
    }

    /// The text that parse() reads back.
    /// Errors: ValueError   type, subtype or the name of a parameter is no token, or a value holds a
    ///                      control byte.
    [[nodiscard]] std::string to_string() const;

    std::string type;
    std::string subtype;
    MultiDict parameters;

    friend bool operator==(const MediaType&, const MediaType&) = default;
};

}  // namespace weft::http
