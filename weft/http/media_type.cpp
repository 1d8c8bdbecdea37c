// SPDX-License-Identifier: Apache-2.0
#include <weft/http/media_type.hpp>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/internal/ascii.hpp>
#include <weft/http/internal/parameters.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {

using internal::lower_case;

std::expected<MediaType, FieldError> MediaType::parse(std::string_view text) {
    text = trimmed(text);
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view essence = trimmed(text.substr(0, end));
    const std::size_t slash = std::min(essence.find('/'), essence.size());
    const std::string_view type = essence.substr(0, slash);
    const std::string_view subtype = essence.substr(std::min(slash + 1, essence.size()));
    if (!is_token(type) || !is_token(subtype)) {
        return std::unexpected(FieldError(FieldProblem::bad_media_type, text));
    }
    MediaType found{.type = lower_case(type), .subtype = lower_case(subtype), .parameters = {}};
    if (!internal::read_parameters(found.parameters, text.substr(end), parameters_max)) {
        return std::unexpected(FieldError(FieldProblem::too_many_parameters, text));
    }
    return found;
}

std::string MediaType::to_string() const {
    if (!is_token(type) || !is_token(subtype)) {
        throw ValueError(in_quotes(essence()) + " is no media type, which is TYPE/SUBTYPE");
    }
    std::string out = essence();
    for (const auto& [name, value] : parameters) internal::append_parameter(out, name, value);
    return out;
}

}  // namespace weft::http
