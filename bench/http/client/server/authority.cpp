// SPDX-License-Identifier: Apache-2.0
#include <bench/http/client/server/authority.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include <bench/http/client/server/checked.hpp>
#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/types.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace bench {
namespace {

constexpr long version_3 = 2;
constexpr long hour_s = 3600;
constexpr long day_s = 24 * hour_s;
constexpr const char* authority_name = "bench authority";

std::string subject_of(std::uint32_t address) {
    std::string text = "IP:";
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string((address >> shift) & 0xff);
        if (shift > 0) text += '.';
    }
    return text;
}

}  // namespace

Authority::Authority()
    : own_key_(made(EVP_EC_gen("P-256"), "the authority's key")),
      key_(made(EVP_EC_gen("P-256"), "the key")),
      own_(begin(authority_name)) {
    X509_set_pubkey(own_.get(), own_key_.get());
    extend(own_.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(own_.get(), NID_key_usage, "critical,keyCertSign");
    extend(own_.get(), NID_subject_key_identifier, "hash");
    sign(own_.get());
}

void Authority::write_certificate(const std::string& path) const {
    std::FILE* const file = made(std::fopen(path.c_str(), "w"), path.c_str());
    made(PEM_write_X509(file, own_.get()), "the authority's certificate");
    made(std::fclose(file) == 0, path.c_str());
}

X509* Authority::certificate_of(std::uint32_t address) {
    Certificate& certificate = certificates_[address];
    if (!certificate) {
        certificate = begin("bench");
        X509_set_pubkey(certificate.get(), key_.get());
        extend(certificate.get(), NID_authority_key_identifier, "keyid:always");
        extend(certificate.get(), NID_subject_alt_name, subject_of(address).c_str());
        sign(certificate.get());
    }
    return certificate.get();
}

Authority::Certificate Authority::begin(const char* subject) {
    Certificate certificate(made(X509_new(), "X509_new"));
    X509* const x509 = certificate.get();
    const auto name = [](const char* text) {
        X509_NAME* const names = made(X509_NAME_new(), "X509_NAME_new");
        const auto* const bytes = reinterpret_cast<const unsigned char*>(text);
        made(X509_NAME_add_entry_by_NID(names, NID_commonName, MBSTRING_UTF8, bytes, -1, -1, 0),
             "a name");
        return std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)>(names, X509_NAME_free);
    };
    X509_set_version(x509, version_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial_);
    X509_set_subject_name(x509, name(subject).get());
    X509_set_issuer_name(x509, name(authority_name).get());
    X509_gmtime_adj(X509_getm_notBefore(x509), -hour_s);
    X509_gmtime_adj(X509_getm_notAfter(x509), day_s);
    return certificate;
}

void Authority::extend(X509* certificate, int extension, const char* value) const {
    X509V3_CTX context;
    X509V3_set_ctx(&context, own_ ? own_.get() : certificate, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made_extension(
        made(X509V3_EXT_conf_nid(nullptr, &context, extension, value), value), X509_EXTENSION_free);
    made(X509_add_ext(certificate, made_extension.get(), -1), value);
}

void Authority::sign(X509* certificate) const {
    made(X509_sign(certificate, own_key_.get(), EVP_sha256()), "X509_sign");
}

}  // namespace bench
