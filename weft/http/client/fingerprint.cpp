// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client/fingerprint.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/http/base64.hpp>
#include <weft/http/client/internal/hexadecimal.hpp>

namespace weft::http {
namespace {

constexpr std::string_view key_prefix = "sha256//";

struct FreeCertificate {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

// The SubjectPublicKeyInfo of a certificate; nothing where it cannot be read.
std::optional<Bytes> public_key_of(BytesView certificate) {
    const auto* begin = reinterpret_cast<const unsigned char*>(certificate.data());
    const std::unique_ptr<X509, FreeCertificate> read(
        d2i_X509(nullptr, &begin, static_cast<long>(certificate.size())));
    if (!read) return std::nullopt;
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(read.get()), &der);
    if (size <= 0) return std::nullopt;
    const auto free = [](unsigned char* memory) { OPENSSL_free(memory); };
    const std::unique_ptr<unsigned char, decltype(free)> owner(der, free);
    return Bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
}

Bytes sha256(BytesView data) {
    Bytes hash(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(),
           reinterpret_cast<unsigned char*>(hash.data()));
    return hash;
}

std::optional<unsigned> figure(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

std::optional<Bytes> from_hexadecimal(std::string_view text) {
    Bytes bytes;
    while (!text.empty()) {
        const auto high = figure(text[0]);
        const auto low = text.size() > 1 ? figure(text[1]) : std::nullopt;
        if (!high || !low) return std::nullopt;
        bytes += static_cast<char>(*high * 16 + *low);
        text.remove_prefix(2);
        if (text.size() > 1 && text.starts_with(':')) text.remove_prefix(1);
    }
    return bytes;
}

}  // namespace

Fingerprint Fingerprint::public_key(std::string_view base64) {
    const std::string_view text =
        base64.starts_with(key_prefix) ? base64.substr(key_prefix.size()) : base64;
    const auto bytes = b64decode(text);
    Hash hash{};
    if (!bytes || bytes->size() != hash.size()) {
        throw ValueError("a fingerprint of a public key is 32 bytes in base64, not '" +
                         std::string(base64) + "'");
    }
    std::ranges::copy(*bytes, hash.begin());
    return {Kind::public_key, hash};
}

Fingerprint Fingerprint::certificate(std::string_view hexadecimal) {
    const auto bytes = from_hexadecimal(hexadecimal);
    Hash hash{};
    if (!bytes || bytes->size() != hash.size()) {
        throw ValueError(
            "a fingerprint of a certificate is 32 bytes in hexadecimal figures, not '" +
            std::string(hexadecimal) + "'");
    }
    std::ranges::copy(*bytes, hash.begin());
    return {Kind::certificate, hash};
}

bool Fingerprint::matches(BytesView certificate) const {
    std::optional<Bytes> data(certificate);
    if (kind_ == Kind::public_key) data = public_key_of(certificate);
    return data && std::ranges::equal(sha256(*data), hash_, [](char byte, std::uint8_t wanted) {
               return static_cast<std::uint8_t>(byte) == wanted;
           });
}

std::string Fingerprint::to_string() const {
    if (kind_ == Kind::certificate) return internal::in_hexadecimal(hash_);
    const Bytes hash(hash_.begin(), hash_.end());
    return std::string(key_prefix) + b64encode(hash);
}

}  // namespace weft::http
