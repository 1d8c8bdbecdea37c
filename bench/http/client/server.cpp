// SPDX-License-Identifier: Apache-2.0
// The server of the benchmarks of HTTP clients, on bare system calls: GET /bytes/N gives N bytes.
//
// Whoever asks decides what is measured, so this is to cost as little as it can: edge-triggered
// epoll, one recv and one send for a request, bodies from pages that the kernel shares instead of
// copying, and no sleep between requests, so that no client pays for waking it.
// usage: http_bench_server PORT FOLDER    on all addresses of the loopback device: HTTP/1.1 at that
//     port, the same under TLS at the next one, HTTP/2 under TLS at the one behind that. In FOLDER,
//     ca.pem is the certificate of the authority that vouches for it

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include <bench/http/client/server/authority.hpp>
#include <bench/http/client/server/checked.hpp>
#include <bench/http/client/server/connection.hpp>
#include <bench/http/client/server/http1_connection.hpp>
#include <bench/http/client/server/http2_connection.hpp>
#include <bench/http/client/server/line.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/types.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using bench::checked;
using bench::Connection;
using bench::Protocol;

// Some hundred milliseconds: longer than any client takes to go on.
constexpr int idle_polls_max = 1'000'000;

void set_option(int fd, int level, int name, const void* value, socklen_t size, const char* what) {
    checked(::setsockopt(fd, level, name, value, size), what);
}

int listen_at(int port) {
    const int fd =
        checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    const int on = 1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on, "SO_REUSEADDR");
    // All of 127.0.0.0/8 is this machine, and nobody else can come from there.
    set_option(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3, "SO_BINDTODEVICE");
    // Connections inherit both. Others pace what they send, which is not for this to decide.
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on, "TCP_NODELAY");
    set_option(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 5, "TCP_CONGESTION");
    const sockaddr_in address{.sin_family = AF_INET,
                              .sin_port = htons(static_cast<std::uint16_t>(port)),
                              .sin_addr = {.s_addr = htonl(INADDR_ANY)},
                              .sin_zero = {}};
    checked(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    checked(::listen(fd, 1024), "listen");
    return fd;
}

// A port, and what is spoken there.
struct Listener {
    int fd;
    Protocol protocol;
    SSL_CTX* tls;
};

class Server {
public:
    Server(int port, const std::string& folder) {
        authority_.write_certificate(folder + "/ca.pem");
        // The first one last: whoever finds it there finds all.
        for (const Protocol protocol :
             {Protocol::http2_over_tls, Protocol::http1_over_tls, Protocol::http1}) {
            const bool has_tls = protocol != Protocol::http1;
            Listener& listener = listeners_[static_cast<std::size_t>(protocol)];
            listener = {.fd = listen_at(port + static_cast<int>(protocol)),
                        .protocol = protocol,
                        .tls = has_tls ? bench::make_tls(protocol, authority_) : nullptr};
            watch(listener.fd, EPOLLIN, &listener);
        }
    }

    [[noreturn]] void serve_forever() {
        for (int idle_polls = 0;; ++idle_polls) {
            std::array<epoll_event, 256> events;
            const int wait_ms = idle_polls < idle_polls_max ? 0 : -1;
            const int count = ::epoll_wait(epoll_, events.data(), events.size(), wait_ms);
            for (const epoll_event& event : std::span(events).first(std::max(count, 0))) {
                idle_polls = 0;
                serve(event);
            }
        }
    }

private:
    void serve(const epoll_event& event) {
        for (const Listener& listener : listeners_) {
            if (event.data.ptr == &listener) return accept_all(listener);
        }
        auto* const connection = static_cast<Connection*>(event.data.ptr);
        if (!connection->serve((event.events & EPOLLRDHUP) != 0)) delete connection;
    }

    void accept_all(const Listener& listener) {
        for (;;) {
            const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0 && errno == EAGAIN) return;
            watch(checked(fd, "accept4"), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                  make_connection(fd, listener).release());
        }
    }

    std::unique_ptr<Connection> make_connection(int fd, const Listener& listener) {
        if (listener.protocol == Protocol::http2_over_tls) {
            return std::make_unique<bench::Http2Connection>(fd, listener.tls, authority_);
        }
        return std::make_unique<bench::Http1Connection>(fd, listener.tls, authority_, block_);
    }

    void watch(int fd, std::uint32_t events, void* data) const {
        epoll_event event{.events = events, .data = {.ptr = data}};
        checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    }

    bench::Authority authority_;
    int block_ = bench::make_block();
    int epoll_ = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    std::array<Listener, 3> listeners_{};
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    ::signal(SIGPIPE, SIG_IGN);
    Server(std::atoi(argv[1]), argv[2]).serve_forever();
}
