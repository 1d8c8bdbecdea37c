// SPDX-License-Identifier: Apache-2.0
// weft/http/body/multipart_writer.hpp - MultipartWriter: what stands between the parts of a body.
#pragma once

#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>
#include <weft/http/headers.hpp>

namespace weft::http {

/// Writes a multipart body around contents that the caller appends, or sends from where they lie.
///
///     MultipartWriter writer(boundary);
///     writer.begin_part(out, {{"Content-Type", "text/plain"}});
///     out += "hello";
///     writer.finish(out);
///
/// The boundary must not occur in any content: take one that nobody can guess, of 16 random bytes for
/// example. A content that is made to hold it could end its part, and begin others.
///
/// Spec: RFC 2046 §5.1.1.
class MultipartWriter {
public:
    /// Errors: ValueError   the boundary cannot be one.
    explicit MultipartWriter(std::string_view boundary);

    /// The value of the body's Content-Type: multipart/form-data with the boundary.
    /// Errors: ValueError   the subtype is no token.
    [[nodiscard]] std::string content_type(std::string_view subtype = "form-data") const;

    // Each appends to `out`.
    // Errors: RuntimeError   finish() has been called.

    /// The end of the part before, and the headers of this one; its content follows.
    void begin_part(Bytes& out, const Headers& headers);
    /// The end of the body.
    void finish(Bytes& out);

private:
    void write_boundary(Bytes& out);

    std::string boundary_;
    bool has_parts_ = false;
    bool is_finished_ = false;
};

}  // namespace weft::http
