// SPDX-License-Identifier: Apache-2.0
// weft/http/client_error.hpp - ClientError: the root of what an HTTP client throws.
//
// The tree is drawn in client/exceptions.hpp. Its root lies here, since an InvalidURL is one, too.
#pragma once

#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>

namespace weft::http {

/// Spec: aiohttp.ClientError.
class ClientError : public virtual Exception {
public:
    ClientError() = default;
    explicit ClientError(std::string message) { set_message(std::move(message)); }
};

}  // namespace weft::http
