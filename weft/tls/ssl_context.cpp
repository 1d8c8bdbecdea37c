// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/ssl_context.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/os_error.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/tls/internal/context_state.hpp>
#include <weft/tls/internal/openssl_error.hpp>
#include <weft/tls/internal/openssl_owned.hpp>

namespace weft::ssl {
namespace {

using internal::ContextState;
using internal::throw_openssl_error;

// OpenSSL says of a missing file only that it has no certificate.
void check_readable(const std::string& path) {
    if (::access(path.c_str(), R_OK) != 0) throw_os_error(errno, "'" + path + "'");
}

// Answers OpenSSL's question for the password of a key; without one it would ask the terminal.
int give_password(char* into, int size, int, void* password) {
    const auto& given = *static_cast<const std::optional<std::string>*>(password);
    if (!given || given->size() > static_cast<std::size_t>(size)) return -1;
    return static_cast<int>(given->copy(into, static_cast<std::size_t>(size)));
}

bool load(SSL_CTX* context, const std::string& certfile, const std::string& keyfile,
          std::optional<std::string>& password) {
    SSL_CTX_set_default_passwd_cb(context, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(context, &password);
    const bool loaded =
        SSL_CTX_use_certificate_chain_file(context, certfile.c_str()) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, keyfile.c_str(), SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(context) == 1;
    SSL_CTX_set_default_passwd_cb(context, nullptr);
    SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    return loaded;
}

void trust_text(SSL_CTX* context, const std::string& pem) {
    const internal::OwnedBio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    int count = 0;
    for (;; ++count) {
        const internal::OwnedCertificate certificate(
            PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
        if (!certificate) break;
        if (X509_STORE_add_cert(store, certificate.get()) != 1) throw_openssl_error("cadata");
    }
    // It ends with PEM_R_NO_START_LINE.
    const bool ended = internal::is_last_error(ERR_LIB_PEM, PEM_R_NO_START_LINE);
    if (count == 0 || !ended) throw_openssl_error("cadata");
    ERR_clear_error();
}

int version_number(TLSVersion version) {
    return version == TLSVersion::tls_v1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

}  // namespace

SSLContext::SSLContext(Protocol protocol) : state_(std::make_shared<ContextState>(protocol)) {}

Protocol SSLContext::protocol() const noexcept { return state_->protocol(); }
VerifyMode SSLContext::verify_mode() const noexcept { return state_->verify_mode(); }
bool SSLContext::check_hostname() const noexcept { return state_->check_hostname; }
SSLContext::operator StreamSecurity() const noexcept { return state_; }

void SSLContext::load_cert_chain(const std::string& certfile, std::optional<std::string> keyfile,
                                 std::optional<std::string> password) const {
    const std::string& key = keyfile ? *keyfile : certfile;
    check_readable(certfile);
    check_readable(key);
    // First where it does no harm: a context whose new key is not that of its new certificate would
    // serve nobody.
    const internal::OwnedContext trial(SSL_CTX_new(TLS_method()));
    if (!trial) throw_openssl_error("");
    for (SSL_CTX* const context : {trial.get(), state_->get()}) {
        if (!load(context, certfile, key, password)) {
            throw_openssl_error("certificate '" + certfile + "', key '" + key + "'");
        }
    }
    state_->forget_sessions();
}

void SSLContext::load_verify_locations(const VerifyLocations& locations) const {
    const auto& [cafile, capath, cadata] = locations;
    if (!cafile && !capath && !cadata) {
        throw ValueError("cafile, capath and cadata cannot be all omitted");
    }
    state_->forget_sessions();
    SSL_CTX* const context = state_->get();
    if (cafile) {
        check_readable(*cafile);
        if (SSL_CTX_load_verify_file(context, cafile->c_str()) != 1) {
            throw_openssl_error("cafile '" + *cafile + "'");
        }
    }
    if (capath) {
        check_readable(*capath);
        if (SSL_CTX_load_verify_dir(context, capath->c_str()) != 1) {
            throw_openssl_error("capath '" + *capath + "'");
        }
    }
    if (cadata) trust_text(context, *cadata);
}

void SSLContext::load_default_certs() const {
    if (SSL_CTX_set_default_verify_paths(state_->get()) != 1) throw_openssl_error("");
    // Where the system has no such file, OpenSSL goes on with the folder, and notes an error.
    ERR_clear_error();
}

void SSLContext::set_verify_mode(VerifyMode mode) const {
    if (mode == VerifyMode::cert_none && state_->check_hostname) {
        throw ValueError("Cannot set verify_mode to cert_none when check_hostname is enabled.");
    }
    state_->forget_sessions();
    state_->set_verify_mode(mode);
}

void SSLContext::set_check_hostname(bool check) const {
    if (check && verify_mode() == VerifyMode::cert_none) {
        state_->set_verify_mode(VerifyMode::cert_required);
    }
    state_->forget_sessions();
    state_->check_hostname = check;
}

TLSVersion SSLContext::minimum_version() const noexcept {
    const long number = SSL_CTX_get_min_proto_version(state_->get());
    return number == TLS1_3_VERSION ? TLSVersion::tls_v1_3 : TLSVersion::tls_v1_2;
}
void SSLContext::set_minimum_version(TLSVersion version) const {
    SSL_CTX_set_min_proto_version(state_->get(), version_number(version));
}
void SSLContext::set_maximum_version(TLSVersion version) const {
    SSL_CTX_set_max_proto_version(state_->get(), version_number(version));
}

void SSLContext::set_ciphers(const std::string& ciphers) const {
    if (SSL_CTX_set_cipher_list(state_->get(), ciphers.c_str()) != 1) {
        throw_openssl_error("ciphers '" + ciphers + "'");
    }
}

void SSLContext::set_alpn_protocols(const std::vector<std::string>& protocols) const {
    std::string wire;
    for (const std::string& name : protocols) {
        if (name.empty() || name.size() > 255) {
            throw ValueError("an ALPN protocol has 1 to 255 bytes, not " +
                             std::to_string(name.size()) + ": '" + name + "'");
        }
        wire += static_cast<char>(name.size());
        wire += name;
    }
    state_->set_alpn_protocols(std::move(wire));
}

void SSLContext::set_sni_callback(SNICallback callback) const {
    state_->sni_callback = std::move(callback);
}

void SSLContext::set_keylog_filename(const std::string& filename) const {
    state_->log_keys_to(filename);
}

SSLContext create_default_context(Purpose purpose, const VerifyLocations& locations) {
    const bool checks_servers = purpose == Purpose::server_auth;
    const SSLContext context(checks_servers ? Protocol::tls_client : Protocol::tls_server);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.state()->get()),
                                X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT);
    if (locations.cafile || locations.capath || locations.cadata) {
        context.load_verify_locations(locations);
    } else if (checks_servers) {
        context.load_default_certs();
    }
    // Whoever may set the environment of a program with more rights than theirs may not read along.
    if (const char* file = ::secure_getenv("SSLKEYLOGFILE"); file && *file) {
        context.set_keylog_filename(file);
    }
    return context;
}

}  // namespace weft::ssl
