// SPDX-License-Identifier: Apache-2.0
// weft/http/base64.hpp - bytes as letters that a header can carry, and back.
#pragma once

#include <optional>
#include <string>

#include <weft/base/bytes.hpp>

namespace weft::http {

/// With padding. Spec: RFC 4648 §4; Python's base64.b64encode.
[[nodiscard]] std::string b64encode(BytesView data);
/// Returns: nullopt where the text is not exactly what b64encode() would give: other letters, no
///          padding, or bits that nothing would read.
[[nodiscard]] std::optional<Bytes> b64decode(BytesView text);

}  // namespace weft::http
