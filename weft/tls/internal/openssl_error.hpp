// SPDX-License-Identifier: Apache-2.0
// weft/tls/internal/openssl_error.hpp - OpenSSL's queue of errors as an exception.
#pragma once

#include <string>

namespace weft::ssl::internal {

/// Empties this thread's queue of errors, and throws the last one: an SSLError, or the OSError that
/// the system gave. `what` names the culprit, and may be empty.
[[noreturn]] void throw_openssl_error(const std::string& what);

/// Empties this thread's queue of errors, as a call needs it whose failure is to be told from it.
void forget_errors() noexcept;

/// Whether that is the last error of this thread's queue.
[[nodiscard]] bool is_last_error(int library, int reason) noexcept;

}  // namespace weft::ssl::internal
