// SPDX-License-Identifier: Apache-2.0
// weft/tls/internal/openssl_owned.hpp - OpenSSL's objects, each with its owner.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace weft::ssl::internal {

template <auto free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept {
        free(object);
    }
};

using OwnedContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using OwnedConnection = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using OwnedSession = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;
using OwnedCertificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using OwnedBio = std::unique_ptr<BIO, FreeWith<BIO_free>>;

}  // namespace weft::ssl::internal
