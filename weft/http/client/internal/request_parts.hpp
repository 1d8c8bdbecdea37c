// SPDX-License-Identifier: Apache-2.0
// weft/http/client/internal/request_parts.hpp - what a request amounts to, however it is sent.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <weft/http/client/internal/upload.hpp>
#include <weft/http/client/payload.hpp>
#include <weft/http/client/request.hpp>

namespace weft::http::internal {

/// How the body is framed: its length, or nothing where that is not known.
struct Framing {
    std::optional<std::uint64_t> length;
};
/// nullopt of a request that need not say that it has no body.
[[nodiscard]] std::optional<Framing> framing_of(const ClientRequest& request,
                                                const PayloadReader* body);

/// Those of the jar, those of the request, and what the caller has written into a header.
[[nodiscard]] std::string cookies_for(const ClientRequest& request);

[[nodiscard]] UploadOptions upload_options_of(const ClientRequest& request);

/// The errno of an OSError; 0 of others.
[[nodiscard]] int code_of(const std::exception_ptr& error);

template <class E>
std::exception_ptr made_from(const std::exception_ptr& cause, E error) {
    error.set_cause(cause);
    return std::make_exception_ptr(std::move(error));
}

}  // namespace weft::http::internal
