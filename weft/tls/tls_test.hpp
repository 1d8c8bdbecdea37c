// SPDX-License-Identifier: Apache-2.0
// weft/tls/tls_test.hpp - what the tests of TLS share.
#pragma once

#include <optional>
#include <string>

#include <weft/testing/certificates.hpp>
#include <weft/tls/ssl_context.hpp>

namespace weft::ssl {

using testing::CertificateAuthority;
using testing::CertificateFiles;
using testing::CertificateRequest;

/// One for the whole program: keys take a while to make.
inline CertificateAuthority& authority() {
    static CertificateAuthority one;
    return one;
}

/// For a server with such a certificate.
inline SSLContext server_context(const CertificateRequest& request = {}) {
    const SSLContext context(Protocol::tls_server);
    const CertificateFiles files = authority().issue(request);
    context.load_cert_chain(files.certificate, files.key);
    return context;
}

/// For a client that trusts the authority.
inline SSLContext client_context() {
    return create_default_context(Purpose::server_auth, {.cafile = authority().certificate()});
}

/// For both: each side must show a certificate of the authority.
inline SSLContext server_context_that_asks() {
    const SSLContext context = server_context();
    context.load_verify_locations({.cafile = authority().certificate()});
    context.set_verify_mode(VerifyMode::cert_required);
    return context;
}

}  // namespace weft::ssl
