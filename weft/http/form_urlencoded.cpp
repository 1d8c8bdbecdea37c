// SPDX-License-Identifier: Apache-2.0
#include <weft/http/form_urlencoded.hpp>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include <weft/http/internal/percent_encoding.hpp>
#include <weft/http/multi_dict.hpp>

namespace weft::http {
namespace {

std::string decoded(std::string_view text) {
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    return internal::percent_decoded(spaced);
}

void append_encoded(std::string& out, std::string_view text) {
    const std::size_t begin = out.size();
    internal::append_percent_encoded(out, text, internal::form_set);
    // A plus of the text is "%2B" by now, so none can be taken for a space.
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), ' ', '+');
}

}  // namespace

std::expected<MultiDict, FormError> parse_qsl(std::string_view text, ParseQslOptions options) {
    MultiDict fields;
    while (!text.empty()) {
        const std::string_view field = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(field.size() + 1, text.size()));
        if (field.empty()) continue;
        if (fields.size() == options.max_num_fields) {
            return std::unexpected(FormError::too_many_fields);
        }
        const std::size_t equals = std::min(field.find('='), field.size());
        fields.add(decoded(field.substr(0, equals)),
                   decoded(field.substr(std::min(equals + 1, field.size()))));
    }
    return fields;
}

std::string urlencode(const MultiDict& fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        if (!text.empty()) text += '&';
        append_encoded(text, name);
        text += '=';
        append_encoded(text, value);
    }
    return text;
}

}  // namespace weft::http
