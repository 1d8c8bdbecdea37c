// SPDX-License-Identifier: Apache-2.0
// weft/http/wire/http2/internal/request_fields.hpp - the head of a request as HTTP/2 has it.
#pragma once

#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include <weft/base/bytes.hpp>
#include <weft/http/wire/http2/http2_client.hpp>

namespace weft::http::wire::internal {

/// The list of fields of a request: names in lower case, the pseudo headers first; without Host,
/// which is the authority, and without what belongs to one connection of HTTP/1.1.
/// Spec: RFC 9113 §8.2 and §8.3.1.
class RequestFields {
public:
    /// Errors: ValueError   the path is empty or no target, or the method is CONNECT.
    /// Lifetime: refers to `head`.
    explicit RequestFields(const H2RequestHead& head);

    [[nodiscard]] const std::vector<nghttp2_nv>& get() const noexcept { return fields_; }

private:
    void add(std::string_view name, std::string_view value);

    Bytes names_;  // in lower case
    std::vector<nghttp2_nv> fields_;
};

}  // namespace weft::http::wire::internal
