// SPDX-License-Identifier: Apache-2.0
// bench/http/client/server/authority.hpp - Authority: certificates for any address of this machine.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/types.h>
#include <openssl/x509.h>

namespace bench {

/// A certificate authority that exists for one run. All is ECDSA on P-256.
///
/// One certificate for a thousand addresses would be longer than all that is sent beside it, so each
/// address gets its own, when it is first asked for.
class Authority {
public:
    Authority();

    /// Its own certificate, in PEM, for clients to trust.
    void write_certificate(const std::string& path) const;
    /// That of an IPv4 address, in the order of the host.
    [[nodiscard]] X509* certificate_of(std::uint32_t address);
    /// The one key of all those.
    [[nodiscard]] EVP_PKEY* key() const noexcept { return key_.get(); }

private:
    struct Free {
        void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
        void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    };
    using Certificate = std::unique_ptr<X509, Free>;

    [[nodiscard]] Certificate begin(const char* subject);
    void extend(X509* certificate, int extension, const char* value) const;
    void sign(X509* certificate) const;

    std::unique_ptr<EVP_PKEY, Free> own_key_;
    std::unique_ptr<EVP_PKEY, Free> key_;
    long serial_ = 0;
    Certificate own_;
    std::map<std::uint32_t, Certificate> certificates_;
};

}  // namespace bench
