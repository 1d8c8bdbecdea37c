// SPDX-License-Identifier: Apache-2.0
// weft/tls/internal/tls_layer.hpp - one end of a TLS connection on OpenSSL, which sees no socket:
// a BIO gives it what came and takes what is to be sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <weft/base/bytes.hpp>
#include <weft/io/transport_security.hpp>
#include <weft/tls/internal/context_state.hpp>
#include <weft/tls/internal/openssl_owned.hpp>

namespace weft::ssl::internal {

class TLSLayer final : public SecurityLayer {
public:
    /// Of a server.
    explicit TLSLayer(std::shared_ptr<const ContextState> context);
    /// Of a client; the name may be empty.
    TLSLayer(std::shared_ptr<const ContextState> context, std::string_view server_hostname);

    ~TLSLayer() override;

    /// The layer of one of OpenSSL's connections.
    [[nodiscard]] static TLSLayer& of(const SSL* connection) noexcept;
    [[nodiscard]] const std::shared_ptr<const ContextState>& context() const noexcept {
        return context_;
    }
    /// Of a server: goes on as a connection of another context, while nothing is decided yet.
    /// Returns: false when there is no memory.
    [[nodiscard]] bool go_on_with(std::shared_ptr<const ContextState> context);
    /// Of a client: keeps a session that it may resume.
    void keep(OwnedSession session) const;

    void offer_protocols(const std::vector<std::string>& protocols) override;
    void start(BytesView received) override;
    void decrypt(BytesView from_peer, Bytes& text) override;
    void encrypt(BytesView text) override;
    void end() override;
    void peer_is_gone() override;
    [[nodiscard]] bool is_established() const noexcept override { return established_; }
    [[nodiscard]] bool peer_has_ended() const noexcept override { return peer_has_ended_; }
    [[nodiscard]] std::size_t held_bytes() const noexcept override { return waiting_text_.size(); }
    [[nodiscard]] Bytes& outgoing() noexcept override { return outgoing_; }

    [[nodiscard]] std::string version() const override;
    [[nodiscard]] std::string cipher() const override;
    [[nodiscard]] std::optional<std::string> selected_alpn_protocol() const override;
    [[nodiscard]] bool session_reused() const override;
    [[nodiscard]] std::string server_hostname() const override;
    [[nodiscard]] Bytes getpeercert() const override;

private:
    static const BIO_METHOD* bio_method();
    static int bio_read(BIO* bio, char* into, int size) noexcept;
    static int bio_write(BIO* bio, const char* from, int size) noexcept;
    static long bio_ctrl(BIO* bio, int command, long number, void* pointer) noexcept;

    [[nodiscard]] bool go_on_with_handshake();
    /// Appends what OpenSSL has decrypted, no more than `room`. Returns: whether there was any.
    [[nodiscard]] bool read(Bytes& text, std::size_t room);
    /// Throws for what OpenSSL returned, unless it only wants more bytes, or the peer has ended.
    void check(int returned);
    void encrypt_what_waited();
    [[noreturn]] void throw_verify_error() const;

    // What each record uses comes first, and together: of many connections that take turns, each
    // finds its memory out of the cache.
    bool established_ = false;
    bool peer_has_ended_ = false;
    bool is_to_end_ = false;
    bool no_memory_ = false;  // in a callback, which may not throw
    bool is_client_;
    std::shared_ptr<const ContextState> context_;
    OwnedConnection connection_;
    BytesView* incoming_ = nullptr;  // while it decrypts
    Bytes outgoing_;
    Bytes waiting_text_;  // while OpenSSL has half a message of the protocol
    std::string server_hostname_;
    std::uint64_t generation_ = 0;  // of the sessions, when it began
};

}  // namespace weft::ssl::internal
