// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/internal/request_fields.hpp - the head of a request as HTTP/2 has it.
#pragma once

#include <vector>

#include <nghttp2/nghttp2.h>

#include <weft/http/wire/http2/http2_client.hpp>

namespace weft::http::wire::internal {

/// The list of fields of a request, the pseudo headers first; without Host, which is the authority, and
/// without what belongs to one connection of HTTP/1.1. libnghttp2 brings names to lower case.
/// Errors:   ValueError   the path is empty or no target, or the method is CONNECT.
/// Lifetime: refers to `head`.
/// Spec:     RFC 9113 §8.2 and §8.3.1.
[[nodiscard]] std::vector<nghttp2_nv> request_fields(const H2RequestHead& head);

}  // namespace weft::http::wire::internal
