// SPDX-License-Identifier: Apache-2.0
// weft/http/client/fingerprint.hpp - Fingerprint: which certificate a server must have.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <weft/base/bytes.hpp>

namespace weft::http {

/// The SHA-256 of a server's public key or of its certificate. Who trusts one of them is not deceived
/// by another certificate, though an authority that the system trusts has signed it.
///
///     co_await session.get(url).fingerprint(
///         Fingerprint::public_key("sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
///
/// It is asked for beside the chain of trust, not in its place. A key outlives the certificates that
/// are made for it, so take that of the key, and give a second one to change to.
class Fingerprint {
public:
    /// Of the public key, its SubjectPublicKeyInfo in DER: what `curl --pinnedpubkey` takes, with the
    /// "sha256//" or without it.
    /// Errors: ValueError   it is not 32 bytes in base64.
    [[nodiscard]] static Fingerprint public_key(std::string_view base64);
    /// Of the certificate in DER: what `openssl x509 -fingerprint -sha256` tells.
    /// Errors: ValueError   it is not 32 bytes in hexadecimal figures, with colons or without.
    /// Spec: aiohttp.Fingerprint.
    [[nodiscard]] static Fingerprint certificate(std::string_view hexadecimal);

    /// Whether it is that of a certificate in DER; false where that cannot be read.
    [[nodiscard]] bool matches(BytesView certificate) const;
    /// As public_key() and certificate() take it.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;

private:
    enum class Kind : std::uint8_t { public_key, certificate };
    using Hash = std::array<std::uint8_t, 32>;
    Fingerprint(Kind kind, const Hash& hash) noexcept : kind_(kind), hash_(hash) {}

    Kind kind_;
    Hash hash_;
};

}  // namespace weft::http
