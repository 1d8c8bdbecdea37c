// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/internal/context_state.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/tls/internal/key_log.hpp>
#include <weft/tls/internal/openssl_error.hpp>
#include <weft/tls/internal/openssl_owned.hpp>
#include <weft/tls/internal/tls_layer.hpp>
#include <weft/tls/ssl_context.hpp>

namespace weft::ssl::internal {
namespace {

// The name that a client asks for, from its first message (RFC 6066, section 3); empty where there
// is none, and where it is malformed, which OpenSSL refuses later.
std::string server_name_in(SSL* connection) {
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(connection, TLSEXT_TYPE_server_name, &bytes, &size) != 1)
        return {};
    constexpr std::size_t head_bytes = 5;  // the list's length, the type of the name, its length
    if (size < head_bytes || bytes[2] != TLSEXT_NAMETYPE_host_name) return {};
    const std::size_t length = (std::size_t{bytes[3]} << 8) | bytes[4];
    if (length > size - head_bytes) return {};
    return {reinterpret_cast<const char*>(bytes) + head_bytes, length};
}

// For a log: a client chooses the name.
std::string printable(std::string name) {
    std::ranges::replace_if(name, [](unsigned char c) { return !std::isprint(c); }, '?');
    return name;
}

// OpenSSL tells a client that the server knows the name, and keeps it with the session.
int acknowledge_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

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
    // An idle connection holds no buffers: 34 KiB. A text that has to wait may move.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (protocol == Protocol::tls_client) {
        check_hostname = true;
        set_verify_mode(VerifyMode::cert_required);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, on_new_session);
    } else {
        set_verify_mode(VerifyMode::cert_none);
        forget_sessions();
        // Before a session is resumed: which one may be is up to the context of the name.
        SSL_CTX_set_client_hello_cb(context, on_client_hello, this);
        SSL_CTX_set_tlsext_servername_callback(context, acknowledge_name);
    }
}

void ContextState::forget_sessions() {
    sessions_.clear();
    if (protocol_ != Protocol::tls_server) return;
    // A session is resumed only in the context of the id that it began with.
    std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> id;
    if (RAND_bytes(id.data(), static_cast<int>(id.size())) != 1 ||
        SSL_CTX_set_session_id_context(context_.get(), id.data(), id.size()) != 1) {
        throw_openssl_error("");
    }
}

std::unique_ptr<SecurityLayer> ContextState::client_layer(std::string_view server_hostname) const {
    if (protocol_ != Protocol::tls_client) {
        throw ValueError("an SSLContext for servers cannot protect a client's connection");
    }
    const std::string text(server_hostname);
    // A name with a dot at its end is the same (RFC 6066 wants it without).
    if (server_hostname.ends_with('.')) server_hostname.remove_suffix(1);
    if (server_hostname.empty() && (check_hostname || !text.empty())) {
        throw ValueError(text.empty() ? "check_hostname requires server_hostname"
                                      : "server_hostname '.' is no name");
    }
    // To OpenSSL it would mean any name below.
    if (server_hostname.starts_with('.')) {
        throw ValueError("server_hostname '" + text + "' begins with a dot");
    }
    const auto is_allowed = [](unsigned char c) { return c != 0 && c < 0x80; };
    if (!std::ranges::all_of(server_hostname, is_allowed)) {
        throw ValueError("server_hostname '" + text +
                         "' is not ASCII; write an international name as xn--…");
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
    key_log_ = std::make_unique<const KeyLog>(filename);
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

int ContextState::on_client_hello(SSL* connection, int* alert, void* self) noexcept {
    const auto& state = *static_cast<const ContextState*>(self);
    try {
        const std::string name = state.sni_callback ? server_name_in(connection) : "";
        if (name.empty() || state.ask_for_context(connection, name))
            return SSL_CLIENT_HELLO_SUCCESS;
    } catch (const std::exception&) {  // no memory
    }
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

// Returns: whether the connection can go on.
bool ContextState::ask_for_context(SSL* connection, const std::string& server_name) const {
    std::optional<SSLContext> other;
    try {
        other = sni_callback(server_name);
    } catch (...) {
        log(LogLevel::error, "SNI callback for '" + printable(server_name) +
                                 "': " + describe(std::current_exception()));
        return false;
    }
    ERR_clear_error();  // the callback's are not the connection's
    return !other || TLSLayer::of(connection).go_on_with(other->state());
}

int ContextState::on_new_session(SSL* connection, SSL_SESSION* session) noexcept {
    OwnedSession owned(session);
    try {
        TLSLayer::of(connection).keep(std::move(owned));
    } catch (const std::exception&) {  // no memory: the next connection begins anew
    }
    return 1;  // it is ours
}

}  // namespace weft::ssl::internal
