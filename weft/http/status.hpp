// SPDX-License-Identifier: Apache-2.0
// weft/http/status.hpp - what the numbers of responses are called.
#pragma once

#include <string_view>

namespace weft::http {

/// The usual reason phrase of a status: "Not Found" of 404; "" of one that has none.
///
/// Spec: the phrases of Python's `http.HTTPStatus`, which are those of RFC 9110 §15 and of the
///       registry at IANA.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

}  // namespace weft::http
