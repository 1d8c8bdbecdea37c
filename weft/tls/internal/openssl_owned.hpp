// SPDX-License-Identifier: Apache-2.0
// weft/tls/internal/openssl_owned.hpp - OpenSSL's objects, each with its owner.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <weft/base/free_with.hpp>

namespace weft::ssl::internal {

using OwnedContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using OwnedConnection = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using OwnedSession = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;
using OwnedCertificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using OwnedBio = std::unique_ptr<BIO, FreeWith<BIO_free>>;

}  // namespace weft::ssl::internal
