// SPDX-License-Identifier: Apache-2.0
#include <bench/http/client/server/line.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <bench/http/client/server/authority.hpp>
#include <bench/http/client/server/checked.hpp>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>
#include <openssl/types.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr auto http1 = std::to_array<unsigned char>({8, 'h', 't', 't', 'p', '/', '1', '.', '1'});
constexpr auto http2 = std::to_array<unsigned char>({2, 'h', '2'});

// `ours` is the one protocol that there is.
int choose(SSL* /*tls*/, const unsigned char** chosen, unsigned char* chosen_bytes,
           const unsigned char* offered, unsigned int offered_bytes, void* ours) {
    const auto& own = *static_cast<const std::span<const unsigned char>*>(ours);
    unsigned char* found = nullptr;
    const int result =
        SSL_select_next_proto(&found, chosen_bytes, own.data(),
                              static_cast<unsigned int>(own.size()), offered, offered_bytes);
    if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

std::uint32_t local_address_of(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    checked(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return ntohl(address.sin_addr.s_addr);
}

}  // namespace

SSL_CTX* make_tls(Protocol protocol, const Authority& authority) {
    static std::span<const unsigned char> offers[] = {http1, http2};
    SSL_CTX* const tls = made(SSL_CTX_new(TLS_server_method()), "SSL_CTX_new");
    made(SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION), "the version");
    made(SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256"), "the cipher");
    made(SSL_CTX_set1_groups_list(tls, "X25519"), "the group");
    made(SSL_CTX_use_PrivateKey(tls, authority.key()), "the key");
    // A call to the system for each piece that came, not two for each record.
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_select_cb(tls, choose, &offers[protocol == Protocol::http2_over_tls]);
    return tls;
}

Line::Line(int fd, SSL_CTX* tls, Authority& authority) : fd_(fd) {
    if (!tls) return;
    tls_.reset(made(SSL_new(tls), "SSL_new"));
    made(SSL_use_certificate(tls_.get(), authority.certificate_of(local_address_of(fd))),
         "the certificate");
    made(SSL_set_fd(tls_.get(), fd), "SSL_set_fd");
    SSL_set_accept_state(tls_.get());
}

Line::~Line() {
    tls_.reset();
    ::close(fd_);
}

// `result` and `count` are those of a call of OpenSSL.
ssize_t Line::outcome(int result, std::size_t count) {
    if (result > 0) return static_cast<ssize_t>(count);
    const int error = SSL_get_error(tls_.get(), result);
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
    } else if (error != SSL_ERROR_SYSCALL || errno == 0) {
        errno = EPROTO;
    }
    return -1;
}

ssize_t Line::receive(std::span<char> into) {
    if (!tls_) {
        const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
        has_all_ = count < static_cast<ssize_t>(into.size());
        return count;
    }
    std::size_t count = 0;
    const ssize_t result =
        outcome(SSL_read_ex(tls_.get(), into.data(), into.size(), &count), count);
    // OpenSSL reads ahead as far as there is something, up to a record's length.
    has_all_ = result <= 0 || SSL_has_pending(tls_.get()) == 0;
    return result;
}

ssize_t Line::send(std::string_view bytes, bool has_more) {
    if (!tls_) return ::send(fd_, bytes.data(), bytes.size(), has_more ? MSG_MORE : 0);
    std::size_t count = 0;
    return outcome(SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &count), count);
}

}  // namespace bench
