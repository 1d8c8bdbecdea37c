// SPDX-License-Identifier: Apache-2.0
#include <weft/tls/internal/tls_layer.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <weft/base/at_end.hpp>
#include <weft/base/bytes.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/tls/exceptions.hpp>
#include <weft/tls/internal/context_state.hpp>
#include <weft/tls/internal/openssl_error.hpp>
#include <weft/tls/internal/openssl_owned.hpp>

namespace weft::ssl::internal {
namespace {

// The text of one record is no longer (RFC 8446, section 5.1).
constexpr std::size_t record_text_max = 16 * 1024;

// Of a text as TLS 1.3 sends it, with the header, the type and the tag of each record (RFC 8446,
// section 5.2).
constexpr std::size_t protected_size(std::size_t text_bytes) {
    constexpr std::size_t record_extra = 5 + 1 + 16;
    return text_bytes + (text_bytes / record_text_max + 1) * record_extra;
}

// Sets whose certificate it must be; a numeric address is no name, and not asked for by one
// (RFC 6066, section 3).
// Returns: whether it is an address.
bool set_host(SSL* connection, const std::string& host, bool check) {
    X509_VERIFY_PARAM* verify = SSL_get0_param(connection);
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1) {
        if (!check) X509_VERIFY_PARAM_set1_ip(verify, nullptr, 0);
        return true;
    }
    forget_errors();
    X509_VERIFY_PARAM_set_hostflags(
        verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (check && X509_VERIFY_PARAM_set1_host(verify, host.data(), host.size()) != 1) {
        throw_openssl_error("server_hostname '" + host + "'");
    }
    return false;
}

}  // namespace

// ---- what OpenSSL reads from and writes to

const BIO_METHOD* TLSLayer::bio_method() {
    static const BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "weft");
        if (!made) throw std::bad_alloc();
        BIO_meth_set_read(made, bio_read);
        BIO_meth_set_write(made, bio_write);
        BIO_meth_set_ctrl(made, bio_ctrl);
        return made;
    }();
    return method;
}

int TLSLayer::bio_read(BIO* bio, char* into, int size) noexcept {
    auto& self = *static_cast<TLSLayer*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (!self.incoming_ || self.incoming_->empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t count =
        self.incoming_->copy(into, static_cast<std::size_t>(std::max(size, 0)));
    self.incoming_->remove_prefix(count);
    return static_cast<int>(count);
}

int TLSLayer::bio_write(BIO* bio, const char* from, int size) noexcept {
    auto& self = *static_cast<TLSLayer*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    try {
        self.outgoing_.append(from, static_cast<std::size_t>(size));
    } catch (const std::bad_alloc&) {
        self.no_memory_ = true;
        return -1;
    }
    return size;
}

long TLSLayer::bio_ctrl(BIO*, int command, long, void*) noexcept {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// ---- the beginning

TLSLayer::TLSLayer(std::shared_ptr<const ContextState> context)
    : is_client_(false), context_(std::move(context)), connection_(SSL_new(context_->get())) {
    if (!connection_) throw_openssl_error("");
    BIO* bio = BIO_new(bio_method());
    if (!bio) throw_openssl_error("");
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(connection_.get(), bio, bio);
    SSL_set_app_data(connection_.get(), this);
    SSL_set_accept_state(connection_.get());
}

TLSLayer::TLSLayer(std::shared_ptr<const ContextState> context, std::string_view server_hostname)
    : TLSLayer(std::move(context)) {
    is_client_ = true;
    server_hostname_ = server_hostname;
    generation_ = context_->sessions().generation();
    SSL_set_connect_state(connection_.get());
    if (server_hostname_.empty()) return;
    const bool is_address = set_host(connection_.get(), server_hostname_, context_->check_hostname);
    if (!is_address && SSL_set_tlsext_host_name(connection_.get(), server_hostname_.c_str()) != 1) {
        throw_openssl_error("server_hostname '" + server_hostname_ + "'");
    }
}

TLSLayer::~TLSLayer() {
    // OpenSSL would give up the session of a connection that ended without a word, as TLS 1.0 had
    // it. Since TLS 1.1 it may be resumed (RFC 4346, section 7.2.1); after an error it is given up
    // already.
    SSL_set_shutdown(connection_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

TLSLayer& TLSLayer::of(const SSL* connection) noexcept {
    return *static_cast<TLSLayer*>(SSL_get_app_data(connection));
}

bool TLSLayer::go_on_with(std::shared_ptr<const ContextState> context) {
    SSL* const connection = connection_.get();
    SSL_CTX* const other = context->get();
    if (!SSL_set_SSL_CTX(connection, other)) return false;
    // That takes over the certificates and who is trusted, not what else is asked of a client.
    SSL_set_verify(connection, SSL_CTX_get_verify_mode(other), nullptr);
    if (SSL_set1_param(connection, SSL_CTX_get0_param(other)) != 1) return false;
    SSL_set_min_proto_version(connection, static_cast<int>(SSL_CTX_get_min_proto_version(other)));
    SSL_set_max_proto_version(connection, static_cast<int>(SSL_CTX_get_max_proto_version(other)));
    context_ = std::move(context);
    return true;
}

void TLSLayer::keep(OwnedSession session) const {
    if (server_hostname_.empty()) return;
    context_->sessions().put(server_hostname_, std::move(session), generation_);
}

void TLSLayer::offer_protocols(const std::vector<std::string>& protocols) {
    if (context_->names_protocols()) return;
    std::string wire;  // each name after its length
    for (const std::string& name : protocols) {
        wire += static_cast<char>(name.size());
        wire += name;
    }
    const auto* names = reinterpret_cast<const unsigned char*>(wire.data());
    // Returns 0 for success, unlike the others.
    if (SSL_set_alpn_protos(connection_.get(), names, static_cast<unsigned>(wire.size())) != 0) {
        throw_openssl_error("ALPN protocols");
    }
}

void TLSLayer::start(BytesView received) {
    if (!is_client_) return;
    // It would be taken for text that the peer has sent under protection (CVE-2011-0411).
    if (!received.empty()) {
        throw SSLError(
            "SSL", "PLAIN_TEXT_BEFORE_HANDSHAKE",
            std::to_string(received.size()) + " bytes of plain text came before the TLS handshake");
    }
    const OwnedSession session = context_->sessions().take(server_hostname_);
    if (session) SSL_set_session(connection_.get(), session.get());
    static_cast<void>(go_on_with_handshake());
}

bool TLSLayer::go_on_with_handshake() {
    forget_errors();
    const int returned = SSL_do_handshake(connection_.get());
    check(returned);
    established_ = returned == 1;
    // A session of TLS 1.2 serves again. Those of TLS 1.3 come later, each once.
    if (established_ && is_client_ && session_reused() &&
        SSL_version(connection_.get()) == TLS1_2_VERSION) {
        keep(OwnedSession(SSL_get1_session(connection_.get())));
    }
    return established_;
}

// ---- bytes

void TLSLayer::decrypt(BytesView from_peer, Bytes& text) {
    incoming_ = &from_peer;
    const AtEnd forget([this] { incoming_ = nullptr; });
    if (!established_ && !go_on_with_handshake()) return;
    // At once, since a record is longer than its text; but the first one may have begun before.
    text.reserve(text.size() + from_peer.size());
    for (;;) {
        const auto left = static_cast<std::size_t>(SSL_pending(connection_.get()));
        const std::size_t room = std::max(left, from_peer.size());
        if (room == 0 || !read(text, std::min(room, record_text_max))) break;
    }
    encrypt_what_waited();
}

bool TLSLayer::read(Bytes& text, std::size_t room) {
    forget_errors();
    const std::size_t before = text.size();
    std::size_t count = 0;
    int returned = 0;
    text.resize_and_overwrite(before + room, [&](char* bytes, std::size_t) noexcept {
        returned = SSL_read_ex(connection_.get(), bytes + before, room, &count);
        return before + count;
    });
    if (returned != 1) check(returned);
    return returned == 1;
}

// Half a message of the protocol, such as a ticket in two records, holds up what is sent.
void TLSLayer::encrypt(BytesView text) {
    if (text.empty() || is_to_end_) return;
    if (!waiting_text_.empty()) {
        waiting_text_ += text;
        return;
    }
    outgoing_.reserve(outgoing_.size() + protected_size(text.size()));
    forget_errors();
    std::size_t count = 0;
    const int returned = SSL_write_ex(connection_.get(), text.data(), text.size(), &count);
    if (returned == 1) return;
    check(returned);
    waiting_text_ = text;
}

void TLSLayer::encrypt_what_waited() {
    if (waiting_text_.empty() && !is_to_end_) return;
    if (SSL_in_init(connection_.get())) return;
    const bool ends = std::exchange(is_to_end_, false);
    const Bytes text = std::exchange(waiting_text_, {});
    encrypt(text);
    if (ends) end();
}

void TLSLayer::end() {
    if (!established_ || is_to_end_) return;
    if (!waiting_text_.empty() || SSL_in_init(connection_.get())) {
        is_to_end_ = true;
        return;
    }
    forget_errors();
    static_cast<void>(SSL_shutdown(connection_.get()));  // 0: the peer has not answered yet
    forget_errors();
    if (no_memory_) throw std::bad_alloc();
}

void TLSLayer::peer_is_gone() {
    if (peer_has_ended_) return;
    if (!established_) {
        throw ConnectionResetError("the peer closed the connection during the TLS handshake");
    }
    throw SSLEOFError("SSL", "UNEXPECTED_EOF_WHILE_READING",
                      "the peer closed the connection without a close_notify: what it sent may be "
                      "cut off");
}

void TLSLayer::check(int returned) {
    if (no_memory_) throw std::bad_alloc();
    switch (SSL_get_error(connection_.get(), returned)) {
        case SSL_ERROR_NONE:
        case SSL_ERROR_WANT_READ:
            return;
        case SSL_ERROR_ZERO_RETURN:
            peer_has_ended_ = true;
            return;
        default:
            if (is_last_error(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED)) throw_verify_error();
            throw_openssl_error("");
    }
}

void TLSLayer::throw_verify_error() const {
    forget_errors();
    const long code = SSL_get_verify_result(connection_.get());
    std::string message = X509_verify_cert_error_string(code);
    if (code == X509_V_ERR_HOSTNAME_MISMATCH) {
        message = "Hostname mismatch, certificate is not valid for '" + server_hostname_ + "'.";
    } else if (code == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        message = "IP address mismatch, certificate is not valid for '" + server_hostname_ + "'.";
    }
    throw SSLCertVerificationError(static_cast<int>(code), message);
}

// ---- what was agreed on

std::string TLSLayer::version() const { return SSL_get_version(connection_.get()); }
std::string TLSLayer::cipher() const { return SSL_get_cipher_name(connection_.get()); }

std::optional<std::string> TLSLayer::selected_alpn_protocol() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(connection_.get(), &name, &size);
    if (size == 0) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(name), size);
}

bool TLSLayer::session_reused() const { return SSL_session_reused(connection_.get()) == 1; }

std::string TLSLayer::server_hostname() const {
    if (is_client_) return server_hostname_;
    const char* name = SSL_get_servername(connection_.get(), TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

Bytes TLSLayer::getpeercert() const {
    const OwnedCertificate certificate(SSL_get1_peer_certificate(connection_.get()));
    if (!certificate) return {};
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    if (size < 0) throw_openssl_error("the peer's certificate");
    const std::unique_ptr<unsigned char, decltype([](unsigned char* p) { OPENSSL_free(p); })> owned(
        der);
    return {reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
}

}  // namespace weft::ssl::internal
