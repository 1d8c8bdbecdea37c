// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/internal/context_state.hpp>

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/tls/internal/openssl_error.hpp>
#include <weft/tls/internal/openssl_owned.hpp>
#include <weft/tls/internal/tls_layer.hpp>
#include <weft/tls/ssl_context.hpp>

namespace weft::ssl::internal {
namespace {

// The sessions of one context do not pass for those of another, which asks for other certificates.
void tell_from_other_contexts(SSL_CTX* context) {
    std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> id;
    if (RAND_bytes(id.data(), static_cast<int>(id.size())) != 1 ||
        SSL_CTX_set_session_id_context(context, id.data(), id.size()) != 1) {
        throw_openssl_error("");
    }
}

}  // namespace

ContextState::ContextState(Protocol protocol)
    : protocol_(protocol),
      context_(SSL_CTX_new(protocol == Protocol::tls_client ? TLS_client_method()
                                                            : TLS_server_method())) {
    if (!context_) throw_openssl_error("");
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(
        context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // An idle connection holds no buffers: 34 KiB.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    if (protocol == Protocol::tls_client) {
        check_hostname = true;
        set_verify_mode(VerifyMode::cert_required);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, on_new_session);
    } else {
        set_verify_mode(VerifyMode::cert_none);
        tell_from_other_contexts(context);
        SSL_CTX_set_tlsext_servername_callback(context, on_sni);
        SSL_CTX_set_tlsext_servername_arg(context, this);
    }
}

std::unique_ptr<SecurityLayer> ContextState::client_layer(std::string_view server_hostname) const {
    if (protocol_ != Protocol::tls_client) {
        throw ValueError("an SSLContext for servers cannot protect a client's connection");
    }
    if (server_hostname.empty() && check_hostname) {
        throw ValueError("check_hostname requires server_hostname");
    }
    for (const char c : server_hostname) {
        if (static_cast<unsigned char>(c) >= 0x80 || c == '\0') {
            throw ValueError("server_hostname '" + std::string(server_hostname) +
                             "' is not ASCII; write an international name as xn--…");
        }
    }
    return std::make_unique<TLSLayer>(shared_from_this(), server_hostname);
}

std::unique_ptr<SecurityLayer> ContextState::server_layer() const {
    if (protocol_ != Protocol::tls_server) {
        throw ValueError("an SSLContext for clients cannot protect a server's connection");
    }
    return std::make_unique<TLSLayer>(shared_from_this());
}

VerifyMode ContextState::verify_mode() const noexcept {
    const int mode = SSL_CTX_get_verify_mode(context_.get());
    if (mode == SSL_VERIFY_NONE) return VerifyMode::cert_none;
    return (mode & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0 ? VerifyMode::cert_required
                                                         : VerifyMode::cert_optional;
}

void ContextState::set_verify_mode(VerifyMode mode) noexcept {
    int flags = SSL_VERIFY_NONE;
    if (mode != VerifyMode::cert_none) flags = SSL_VERIFY_PEER;
    if (mode == VerifyMode::cert_required) flags |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context_.get(), flags, nullptr);
}

void ContextState::set_alpn_protocols(std::string wire) {
    alpn_ = std::move(wire);
    const auto* names = reinterpret_cast<const unsigned char*>(alpn_.data());
    // Returns 0 for success, unlike the others.
    if (SSL_CTX_set_alpn_protos(context_.get(), names, static_cast<unsigned>(alpn_.size())) != 0) {
        throw_openssl_error("ALPN protocols");
    }
    if (protocol_ == Protocol::tls_server)
        SSL_CTX_set_alpn_select_cb(context_.get(), on_alpn, this);
}

void ContextState::log_keys_to(const std::string& filename) {
    key_log_.emplace(filename);
    SSL_CTX_set_keylog_callback(context_.get(), on_secret);
}

void ContextState::on_secret(const SSL* connection, const char* line) noexcept {
    const void* context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection));
    static_cast<const ContextState*>(context)->key_log_->write(line);
}

// As in Python, peers that have no protocol in common go on without one.
int ContextState::on_alpn(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                          const unsigned char* offered, unsigned int offered_size,
                          void* self) noexcept {
    const std::string& own = static_cast<const ContextState*>(self)->alpn_;
    unsigned char* found = nullptr;
    const int result = SSL_select_next_proto(
        &found, chosen_size, reinterpret_cast<const unsigned char*>(own.data()),
        static_cast<unsigned>(own.size()), offered, offered_size);
    if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

int ContextState::on_sni(SSL* connection, int* alert, void* self) noexcept {
    const auto& state = *static_cast<const ContextState*>(self);
    const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    if (!state.sni_callback || !name) return SSL_TLSEXT_ERR_OK;
    try {
        if (const auto other = state.sni_callback(name)) {
            TLSLayer::of(connection).go_on_with(other->state());
        }
        return SSL_TLSEXT_ERR_OK;
    } catch (...) {
        log(LogLevel::error,
            "SNI callback for '" + std::string(name) + "': " + describe(std::current_exception()));
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
}

int ContextState::on_new_session(SSL* connection, SSL_SESSION* session) noexcept {
    const TLSLayer& layer = TLSLayer::of(connection);
    OwnedSession owned(session);
    try {
        if (!layer.server_name_asked_for().empty()) {
            layer.context()->sessions().put(layer.server_name_asked_for(), std::move(owned));
        }
    } catch (const std::exception&) {  // no memory: the next connection begins anew
    }
    return 1;  // it is ours
}

}  // namespace weft::ssl::internal
