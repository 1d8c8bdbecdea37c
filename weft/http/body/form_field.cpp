// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/form_field.hpp>

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/base/exceptions.hpp>
#include <weft/http/body/multipart_error.hpp>
#include <weft/http/content_disposition.hpp>
#include <weft/http/field_error.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>
#include <weft/http/syntax.hpp>

namespace weft::http {
namespace {

std::optional<std::string> filename_of(const ContentDisposition& disposition) {
    if (const auto plain = disposition.parameters.get("filename")) return std::string(*plain);
    return disposition.filename();
}

bool has_clear_names(const ContentDisposition& disposition) {
    const auto count = [&](std::string_view name) {
        return disposition.parameters.getall(name).size();
    };
    return count("name") == 1 && count("filename") <= 1 && count("filename*") <= 1;
}

std::string quoted_as_browsers_do(std::string_view what, std::string_view name) {
    if (value_prefix(name) < name.size()) {
        throw ValueError("the name of " + std::string(what) + " of a form, " + in_quotes(name) +
                         ", holds a control byte");
    }
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') {
            out += "%22";
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace

std::expected<FormField, MultipartError> read_form_field(const Headers& headers,
                                                         std::size_t name_bytes_max) {
    const std::string_view text = headers.get("Content-Disposition", "");
    const auto disposition = ContentDisposition::parse(text);
    if (!disposition || disposition->type != "form-data") {
        return std::unexpected(MultipartError(MultipartProblem::bad_disposition, text));
    }
    const auto dispositions = headers.getall("Content-Disposition");
    if (++dispositions.begin() != dispositions.end() || !has_clear_names(*disposition)) {
        return std::unexpected(MultipartError(MultipartProblem::bad_name, text));
    }
    FormField field{.name = std::string(*disposition->name()),
                    .filename = filename_of(*disposition),
                    .content_type = std::nullopt};
    if (const auto type = headers.get("Content-Type")) field.content_type = *type;
    const std::string_view filename = field.filename ? std::string_view(*field.filename) : "";
    for (const std::string_view name : {std::string_view(field.name), filename}) {
        if (name.size() > name_bytes_max) {
            return std::unexpected(MultipartError(MultipartProblem::name_too_long, name));
        }
    }
    return field;
}

Headers write_form_field(const FormField& field) {
    std::string disposition = "form-data; name=" + quoted_as_browsers_do("a field", field.name);
    if (field.filename) {
        disposition += "; filename=" + quoted_as_browsers_do("a file", *field.filename);
    }
    Headers headers{{"Content-Disposition", disposition}};
    if (field.content_type) {
        const auto type = MediaType::parse(*field.content_type);
        if (!type) throw ValueError(describe(type.error()));
        headers.add("Content-Type", *field.content_type);
    } else if (field.filename) {
        headers.add("Content-Type", "application/octet-stream");
    }
    return headers;
}

}  // namespace weft::http
