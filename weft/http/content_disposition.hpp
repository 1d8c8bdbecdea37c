// SPDX-License-Identifier: Apache-2.0
// weft/http/content_disposition.hpp - ContentDisposition: what a body is for, and its name as a file.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <weft/http/field_error.hpp>
#include <weft/http/multi_dict.hpp>

namespace weft::http {

/// The value of a Content-Disposition, of a message or of a part of a form.
struct ContentDisposition {
    static constexpr std::size_t parameters_max = 32;

    /// Reads as MediaType::parse() does; a backslash escapes quotes and itself only, since browsers
    /// write others as they are.
    ///
    /// Errors: bad_disposition, too_many_parameters.
    /// Limits: parameters_max, 32.
    /// Spec:   RFC 6266 §4, RFC 7578 §4.2.
    [[nodiscard]] static std::expected<ContentDisposition, FieldError> parse(std::string_view text);

    /// The name of the file: `filename*` where that can be read, else `filename`; nullopt where there
    /// is neither. UTF-8 where it was sent so.
    ///
    /// **From the peer**: it may hold `/`, `\`, `..` or be a name that the system knows. Take what is
    /// behind the last of them, and judge that, before a file of that name is made (RFC 6266 §4.3).
    ///
    /// Spec: RFC 6266 §4.3, RFC 8187 §3.2, in UTF-8 and ISO-8859-1.
    [[nodiscard]] std::optional<std::string> filename() const;
    /// `name`, that of a field of a form.
    [[nodiscard]] std::optional<std::string_view> name() const noexcept {
        return parameters.get("name");
    }

    std::string type;  ///< in lower case
    MultiDict parameters;
};

/// The value that gives a body a name of a file. Where that is not simple ASCII it is sent in both
/// spellings, for recipients that know only the old one.
///
///     headers.add("Content-Disposition", content_disposition("attachment", "report.pdf"));
///
/// Errors: ValueError   the type is no token, or the name holds a control byte or is no UTF-8.
/// Spec:   RFC 6266 §4.3 and appendix D.
[[nodiscard]] std::string content_disposition(std::string_view type, std::string_view filename);

}  // namespace weft::http
