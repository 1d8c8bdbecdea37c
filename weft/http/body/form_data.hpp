// SPDX-License-Identifier: Apache-2.0
// weft/http/body/form_data.hpp - FormData: the fields and files of a form that is to be sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weft/base/bytes.hpp>
#include <weft/http/body/form_field.hpp>

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
///     form.add_field("photo", jpeg, {.content_type = "image/jpeg", .filename = "ada.jpg"});
///
/// Spec: aiohttp.FormData. Names are written as browsers do (see write_form_field()), where aiohttp
///       encodes all that is no ASCII.
class FormData {
public:
    struct Item {
        FormField field;
        Bytes content;                      ///< nothing of a stream
        bool is_stream = false;             ///< the content comes from elsewhere
        std::optional<std::uint64_t> size;  ///< of the content, where it is known
    };

    /// Errors: ValueError   as write_form_field(); nothing was added.
    void add_field(std::string_view name, Bytes value, const FormFieldOptions& options = {});
    /// The same of content that is sent from elsewhere, when its turn comes.
    /// `size` is how much there will be, where that is known.
    void add_stream(std::string_view name, std::optional<std::uint64_t> size,
                    const FormFieldOptions& options = {});

    [[nodiscard]] bool is_multipart() const noexcept { return is_multipart_; }
    [[nodiscard]] const std::vector<Item>& items() const noexcept { return items_; }

    /// The body of a form that is not multipart.
    /// Errors: RuntimeError   it is.
    [[nodiscard]] Bytes urlencoded() const;

    /// How long the multipart body is with that boundary; nullopt where a stream's size is not known.
    /// Errors: ValueError   the boundary cannot be one.
    [[nodiscard]] std::optional<std::uint64_t> multipart_size(std::string_view boundary) const;

private:
    void add(Item item, std::string_view name, const FormFieldOptions& options);

    std::vector<Item> items_;
    bool is_multipart_ = false;
};

}  // namespace weft::http
