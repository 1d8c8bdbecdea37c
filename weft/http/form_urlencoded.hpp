// SPDX-License-Identifier: Apache-2.0
// weft/http/form_urlencoded.hpp - application/x-www-form-urlencoded: `a=1&b=two+words`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <weft/http/multi_dict.hpp>

namespace weft::http {

enum class FormError : std::uint8_t { too_many_fields };

struct ParseQslOptions {
    /// A field takes two bytes of text and sixty-four of memory; hence a limit.
    std::size_t max_num_fields = 1000;
};

/// The fields of a form or query, decoded.
///
/// Fields without a value are kept, with an empty one. Bytes that are no UTF-8 are kept as they
/// are.
///
/// Errors: too_many_fields   there are more than `max_num_fields`.
/// Limits: max_num_fields, 1000.
/// Cost:   linear; allocates the fields.
/// Spec:   WHATWG URL §5.1, the parser. urllib.parse.parse_qsl with `keep_blank_values=True`,
///         which replaces bytes that are no UTF-8, and has no limit by default.
[[nodiscard]] std::expected<MultiDict, FormError> parse_qsl(std::string_view text,
                                                            ParseQslOptions options = {});

/// The text that parse_qsl() reads back.
///
/// Cost: linear; one string.
/// Spec: WHATWG URL §5.2, the serializer. urllib.parse.urlencode, but `*` stays and `~` does not.
[[nodiscard]] std::string urlencode(const MultiDict& fields);

}  // namespace weft::http
