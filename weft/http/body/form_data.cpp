// SPDX-License-Identifier: Apache-2.0
#include <weft/http/body/form_data.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/body/multipart_writer.hpp>
#include <weft/http/form_urlencoded.hpp>
#include <weft/http/multi_dict.hpp>

namespace weft::http {

void FormData::add_field(std::string_view name, Bytes value, const FormFieldOptions& options) {
    const std::uint64_t size = value.size();
    add({.field = {}, .content = std::move(value), .is_stream = false, .size = size}, name,
        options);
}

void FormData::add_stream(std::string_view name, std::optional<std::uint64_t> size,
                          const FormFieldOptions& options) {
    add({.field = {}, .content = {}, .is_stream = true, .size = size}, name, options);
}

void FormData::add(Item item, std::string_view name, const FormFieldOptions& options) {
    item.field = {.name = std::string(name),
                  .filename = options.filename,
                  .content_type = options.content_type};
    (void)write_form_field(item.field);  // here is who gave the name; later there is a request
    const bool needs_parts = item.is_stream || options.filename || options.content_type;
    items_.push_back(std::move(item));
    is_multipart_ = is_multipart_ || needs_parts;
}

Bytes FormData::urlencoded() const {
    if (is_multipart_) throw RuntimeError("a form with files or streams is not sent urlencoded");
    MultiDict fields;
    for (const Item& item : items_) fields.add(item.field.name, item.content);
    return urlencode(fields);
}

std::optional<std::uint64_t> FormData::multipart_size(std::string_view boundary) const {
    MultipartWriter writer(boundary);
    Bytes between;
    std::uint64_t contents = 0;
    for (const Item& item : items_) {
        if (!item.size) return std::nullopt;
        contents += *item.size;
        writer.begin_part(between, write_form_field(item.field));
    }
    writer.finish(between);
    return contents + between.size();
}

}  // namespace weft::http
