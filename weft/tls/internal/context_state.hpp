// SPDX-License-Identifier: Apache-2.0
// weft/tls/internal/context_state.hpp - what the handles of an SSLContext and its connections share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include <weft/io/transport_security.hpp>
#include <weft/tls/internal/key_log.hpp>
#include <weft/tls/internal/openssl_owned.hpp>
#include <weft/tls/internal/session_cache.hpp>
#include <weft/tls/ssl_context.hpp>

namespace weft::ssl::internal {

class ContextState final : public TransportSecurity,
                           public std::enable_shared_from_this<ContextState> {
public:
    explicit ContextState(Protocol protocol);

    [[nodiscard]] std::unique_ptr<SecurityLayer> client_layer(
        std::string_view server_hostname) const override;
    [[nodiscard]] std::unique_ptr<SecurityLayer> server_layer() const override;
    [[nodiscard]] bool verifies_server() const noexcept override {
        return check_hostname && verify_mode() != VerifyMode::cert_none;
    }

    [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }
    [[nodiscard]] Protocol protocol() const noexcept { return protocol_; }
    [[nodiscard]] VerifyMode verify_mode() const noexcept;
    void set_verify_mode(VerifyMode mode) noexcept;
    void set_alpn_protocols(std::string wire);
    [[nodiscard]] bool names_protocols() const noexcept { return !alpn_.empty(); }

    /// Errors: OSError
    void log_keys_to(const std::string& filename);

    /// What is asked of a peer, or shown to it, is another: no session of before is resumed, at
    /// either side.
    /// Errors: SSLError
    void forget_sessions();
    [[nodiscard]] SessionCache& sessions() const noexcept { return sessions_; }

    bool check_hostname = false;
    SSLContext::SNICallback sni_callback;

private:
    static int on_client_hello(SSL* connection, int* alert, void* self) noexcept;
    [[nodiscard]] bool ask_for_context(SSL* connection, const std::string& server_name) const;
    static int on_alpn(SSL* connection, const unsigned char** chosen, unsigned char* chosen_size,
                       const unsigned char* offered, unsigned int offered_size,
                       void* self) noexcept;
    static int on_new_session(SSL* connection, SSL_SESSION* session) noexcept;
    static void on_secret(const SSL* connection, const char* line) noexcept;

    Protocol protocol_;
    OwnedContext context_;
    std::string alpn_;  // as it is sent: each name after its length
    std::unique_ptr<const KeyLog> key_log_;
    mutable SessionCache sessions_;
};

}  // namespace weft::ssl::internal
