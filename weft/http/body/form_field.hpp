// SPDX-License-Identifier: Apache-2.0
// weft/http/body/form_field.hpp - FormField: what the headers of a form's part say.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>

#include <weft/http/body/multipart_error.hpp>
#include <weft/http/headers.hpp>

namespace weft::http {

/// A field of a multipart/form-data body, without its content. One with a `filename` is a file, be
/// that empty, as browsers send it where no file was chosen.
struct FormField {
    std::string name;
    std::optional<std::string> filename;
    std::optional<std::string> content_type;

    friend bool operator==(const FormField&, const FormField&) = default;
};

/// Reads it from the headers of a part.
///
/// Where a part says `filename` and `filename*`, the former counts: RFC 7578 allows no other one, and
/// whoever checked the name before this program has looked at it. Percent signs are bytes, though a
/// browser writes a quote as %22: nobody can tell which it was. A filename **comes from the peer** and
/// may hold `/` and `..`: see ContentDisposition::filename().
///
/// Errors: bad_disposition, bad_name, name_too_long.
/// Limits: name_bytes_max, 1 KiB, for each of both names.
/// Spec:   RFC 7578 §4.2 and §4.4.
[[nodiscard]] std::expected<FormField, MultipartError> read_form_field(
    const Headers& headers, std::size_t name_bytes_max = 1024);

/// The headers that read_form_field() reads: a quote in a name is written as %22, as browsers do. A
/// file without a type is application/octet-stream.
///
/// Errors: ValueError   a name holds a control byte, line breaks included, which browsers write as
///                      %0D%0A; or the content type is none. Nothing can become another header.
/// Spec:   WHATWG HTML, multipart/form-data encoding algorithm.
[[nodiscard]] Headers write_form_field(const FormField& field);

}  // namespace weft::http
