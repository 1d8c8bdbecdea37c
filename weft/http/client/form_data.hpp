// SPDX-License-Identifier: Apache-2.0
// weft/http/client/form_data.hpp - FormData: the fields and files of a form that is to be sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/http/body/form_field.hpp>
#include <weft/http/client/payload.hpp>

namespace weft::http {

/// What a field may be besides its name: add_field's keyword arguments.
struct FormFieldOptions {
    std::optional<std::string> content_type;
    std::optional<std::string> filename;
};

/// A form. Fields alone are sent urlencoded; with a file, a content type or a stream it is
/// multipart/form-data.
///
///     FormData form;
///     form.add_field("user", "ada");
///     form.add_field("photo", Payload::file("ada.jpg"), {.content_type = "image/jpeg"});
///
/// Spec: aiohttp.FormData. Names are written as browsers do (see write_form_field()), where aiohttp
///       encodes all that is no ASCII.
class FormData {
public:
    struct Item {
        FormField field;
        Payload content;
    };

    /// Errors: ValueError   as write_form_field(); nothing was added.
    void add_field(std::string_view name, Bytes value, const FormFieldOptions& options = {});
    /// The same of content that is read while it is sent. A file tells its name, unless another is
    /// given.
    void add_field(std::string_view name, Payload content, FormFieldOptions options = {});

    [[nodiscard]] bool is_multipart() const noexcept { return is_multipart_; }
    [[nodiscard]] const std::vector<Item>& items() const noexcept { return items_; }

    /// The body of a form that is not multipart.
    /// Errors: RuntimeError   it is.
    [[nodiscard]] Bytes urlencoded() const;

    /// The body as multipart/form-data, its length known if that of each content is.
    /// Errors: ValueError   the boundary cannot be one.
    [[nodiscard]] Payload multipart(std::string_view boundary) const;

private:
    void add(Payload content, std::string_view name, const FormFieldOptions& options);

    std::vector<Item> items_;
    bool is_multipart_ = false;
};

}  // namespace weft::http
