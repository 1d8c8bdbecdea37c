// SPDX-License-Identifier: Apache-2.0
#include <bench/io/load/line.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <bench/io/load/server.hpp>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>
#include <openssl/types.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

namespace load {
namespace {

[[noreturn]] void fail_with_openssl(const char* what) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    fail(std::string(what) + ": " + (reason ? reason : "the connection has ended"));
}

void require(bool done, const char* what) {
    if (!done) fail_with_openssl(what);
}

// A connection has a port of its own for each source address, and keeps it for a minute when it is
// over: one address has too few for what a fast server takes.
int connect_to(const Server& server, std::uint32_t source) {
    const int fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    const int on = 1;
    checked(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on), "setsockopt");
    checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source % 32);
    checked(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(server.port);
    checked(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
    return fd;
}

// What a call on a socket that does not block has done.
std::optional<std::size_t> outcome(ssize_t result, const char* what) {
    if (result < 0 && errno == EAGAIN) return std::nullopt;
    return static_cast<std::size_t>(checked(result, what));
}

}  // namespace

SSL_CTX* make_tls(const std::string& certificate_file) {
    SSL_CTX* tls = SSL_CTX_new(TLS_client_method());
    require(tls != nullptr, "SSL_CTX_new");
    require(SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1, "the version");
    require(SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256") == 1, "the cipher");
    require(SSL_CTX_set1_groups_list(tls, "X25519") == 1, "the group");
    require(SSL_CTX_load_verify_file(tls, certificate_file.c_str()) == 1, "the certificate");
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, nullptr);
    // A call to the system for each piece that came, not two for each record.
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
    return tls;
}

Line::Line(const Server& server, std::uint32_t source) : fd_(connect_to(server, source)) {
    if (server.tls) shake_hands(server.tls);
}

Line::Line(Line&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), tls_(std::move(other.tls_)) {}

Line& Line::operator=(Line other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(tls_, other.tls_);
    return *this;
}

void Line::close() noexcept {
    if (tls_) SSL_shutdown(tls_.get());  // says that it ends, and waits for no answer
    tls_.reset();
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Line::shake_hands(SSL_CTX* tls) {
    tls_.reset(SSL_new(tls));
    require(tls_ && SSL_set_fd(tls_.get(), fd_) == 1, "SSL_new");
    require(SSL_connect(tls_.get()) == 1, "the handshake");
    checked(fcntl(fd_, F_SETFL, O_NONBLOCK), "fcntl");
}

std::optional<std::size_t> Line::send(std::string_view bytes) {
    if (!tls_) {
        const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        return outcome(count, "send");
    }
    std::size_t count = 0;
    if (SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &count) == 1) return count;
    if (SSL_get_error(tls_.get(), 0) != SSL_ERROR_WANT_WRITE) fail_with_openssl("SSL_write");
    return std::nullopt;
}

std::optional<std::size_t> Line::receive(std::span<char> into) {
    if (!tls_) {
        const ssize_t count = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
        if (count == 0) fail("the server has closed a connection");
        return outcome(count, "recv");
    }
    std::size_t count = 0;
    if (SSL_read_ex(tls_.get(), into.data(), into.size(), &count) == 1) return count;
    if (SSL_get_error(tls_.get(), 0) != SSL_ERROR_WANT_READ) fail_with_openssl("SSL_read");
    return std::nullopt;
}

}  // namespace load
