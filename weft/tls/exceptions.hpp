// SPDX-License-Identifier: Apache-2.0
// weft/tls/exceptions.hpp - what TLS throws.
//
//   OSError > SSLError > SSLCertVerificationError · SSLEOFError
#pragma once

#include <string>

#include <weft/base/exceptions.hpp>

namespace weft::ssl {

/// What the TLS library refused, or the peer did.
///
/// The text is as in Python: "[SSL: WRONG_VERSION_NUMBER] wrong version number".
/// Spec: ssl.SSLError.
class SSLError : public OSError {
public:
    SSLError(std::string library, std::string reason, const std::string& text);

    /// The part of the library, such as "SSL" or "X509".
    [[nodiscard]] const std::string& library() const noexcept { return library_; }
    /// A name such as "TLSV1_ALERT_UNKNOWN_CA".
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
    std::string library_;
    std::string reason_;
};

/// The peer's certificate is not one to trust, or not that of the host.
/// Spec: ssl.SSLCertVerificationError.
class SSLCertVerificationError : public SSLError {
public:
    SSLCertVerificationError(int verify_code, std::string verify_message);

    /// OpenSSL's X509_V_ERR_….
    [[nodiscard]] int verify_code() const noexcept { return verify_code_; }
    /// Such as "self-signed certificate".
    [[nodiscard]] const std::string& verify_message() const noexcept { return verify_message_; }

private:
    int verify_code_;
    std::string verify_message_;
};

/// The connection ended without the peer's saying that its text does: what has come may be cut off,
/// by whoever can reset a connection. Where the text tells its own end, as that of HTTP mostly
/// does, nothing is lost.
/// Spec: ssl.SSLEOFError, which asyncio does not raise here: to it this is an ordinary end.
class SSLEOFError : public SSLError {
    using SSLError::SSLError;
};

}  // namespace weft::ssl
