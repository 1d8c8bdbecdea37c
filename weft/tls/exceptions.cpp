// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/exceptions.hpp>

#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>

namespace weft::ssl {

SSLError::SSLError(std::string library, std::string reason, const std::string& text)
    : OSError(library.empty() ? text : "[" + library + ": " + reason + "] " + text),
      library_(std::move(library)),
      reason_(std::move(reason)) {}

SSLCertVerificationError::SSLCertVerificationError(int verify_code, std::string verify_message)
    : SSLError("SSL", "CERTIFICATE_VERIFY_FAILED", "certificate verify failed: " + verify_message),
      verify_code_(verify_code),
      verify_message_(std::move(verify_message)) {}

}  // namespace weft::ssl
