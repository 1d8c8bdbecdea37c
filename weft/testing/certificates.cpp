// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/certificates.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <weft/base/check.hpp>
#include <weft/base/free_with.hpp>

namespace weft::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using File = std::unique_ptr<std::FILE, FreeWith<std::fclose>>;

Key new_key() { return Key(EVP_EC_gen("P-256")); }

// `issuer` is null for one that vouches for itself.
void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer ? issuer : certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    check(extension != nullptr, "a certificate's extension is well formed");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

std::string as_alternative_name(const std::string& name) {
    in6_addr address{};
    const bool is_address = ::inet_pton(AF_INET, name.c_str(), &address) == 1 ||
                            ::inet_pton(AF_INET6, name.c_str(), &address) == 1;
    return (is_address ? "IP:" : "DNS:") + name;
}

Certificate new_certificate(const CertificateRequest& request, int number, EVP_PKEY* key) {
    Certificate made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), number);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), request.valid_from.count());
    X509_gmtime_adj(X509_getm_notAfter(made.get()), request.valid_to.count());
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(request.common_name.c_str()),
                               -1, -1, 0);
    return made;
}

void write_certificate(const std::string& path, X509* certificate) {
    const File file(std::fopen(path.c_str(), "w"));
    check(file && PEM_write_X509(file.get(), certificate) == 1, "a certificate can be written");
}

void write_key(const std::string& path, EVP_PKEY* key, const std::string& password) {
    const File file(std::fopen(path.c_str(), "w"));
    const bool is_plain = password.empty();
    check(
        file && PEM_write_PKCS8PrivateKey(file.get(), key, is_plain ? nullptr : EVP_aes_256_cbc(),
                                          is_plain ? nullptr : password.c_str(),
                                          static_cast<int>(password.size()), nullptr, nullptr) == 1,
        "a key can be written");
}

}  // namespace

struct CertificateAuthority::Keys {
    Key key = new_key();
    Certificate certificate;
};

CertificateAuthority::CertificateAuthority() : keys_(std::make_unique<Keys>()) {
    std::string folder = std::filesystem::temp_directory_path() / "weft-certificates-XXXXXX";
    check(::mkdtemp(folder.data()) != nullptr, "a folder for certificates can be made");
    folder_ = folder;
    certificate_ = folder_ / "authority.pem";
    keys_->certificate =
        new_certificate({.common_name = "weft test authority"}, 1, keys_->key.get());
    X509* own = keys_->certificate.get();
    X509_set_issuer_name(own, X509_get_subject_name(own));
    add_extension(own, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(own, nullptr, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(own, nullptr, NID_subject_key_identifier, "hash");
    X509_sign(own, keys_->key.get(), EVP_sha256());
    write_certificate(certificate_, own);
}

CertificateAuthority::~CertificateAuthority() {
    std::error_code ignored;  // the folder is the system's to clean, then
    std::filesystem::remove_all(folder_, ignored);
}

CertificateFiles CertificateAuthority::issue(const CertificateRequest& request) {
    const std::string number = std::to_string(++issued_);
    CertificateFiles files{.certificate = folder_ / (number + ".pem"),
                           .key = folder_ / (number + ".key")};
    const Key key = new_key();
    const Certificate made = new_certificate(request, issued_ + 1, key.get());
    X509* own = keys_->certificate.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(own));
    std::string names;
    for (const std::string& name : request.names) {
        names += (names.empty() ? "" : ",") + as_alternative_name(name);
    }
    add_extension(made.get(), own, NID_basic_constraints, "critical,CA:FALSE");
    if (!names.empty()) add_extension(made.get(), own, NID_subject_alt_name, names);
    add_extension(made.get(), own, NID_subject_key_identifier, "hash");
    add_extension(made.get(), own, NID_authority_key_identifier, "keyid");
    X509_sign(made.get(), keys_->key.get(), EVP_sha256());
    write_certificate(files.certificate, made.get());
    write_key(files.key, key.get(), request.key_password);
    return files;
}

std::string CertificateAuthority::write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path) << text;
    return path;
}

}  // namespace weft::testing
