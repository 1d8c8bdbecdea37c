// SPDX-License-Identifier: Apache-2.0
// The echo server of the I/O benchmarks on OpenSSL without any other library, as the limit; see
// bench/README.md for the contract.
//
// OpenSSL reads ahead, so that one recv and one send make an echo. Level-triggered, since nothing
// but another recv would tell that there is no more.
// usage: bare_tls CERTIFICATE KEY PORT

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { record_bytes = 16 * 1024 };

static char buffer[record_bytes];
static int epoll;
static SSL_CTX* context;

// `rest` is what the system did not take; nothing is received meanwhile.
struct connection {
    int fd;
    SSL* tls;
    char* rest;
    size_t rest_size;
};

static void require(int holds) {
    if (!holds) abort();
}

static void watch(struct connection* connection, int action, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    require(epoll_ctl(epoll, action, connection->fd, &event) == 0);
}

static void drop(struct connection* connection) {
    SSL_free(connection->tls);
    close(connection->fd);
    free(connection->rest);
    free(connection);
}

// Waits for what OpenSSL wants before it goes on; an error is the end of the connection.
static void wait_or_drop(struct connection* connection) {
    switch (SSL_get_error(connection->tls, 0)) {
        case SSL_ERROR_WANT_READ:
            return;
        case SSL_ERROR_WANT_WRITE:
            return watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
        default:
            ERR_clear_error();
            drop(connection);
    }
}

static void keep(struct connection* connection, size_t size) {
    connection->rest = malloc(size);
    require(connection->rest != NULL);
    memcpy(connection->rest, buffer, size);
    connection->rest_size = size;
}

static void echo(struct connection* connection) {
    do {
        size_t count;
        size_t written;
        if (!SSL_read_ex(connection->tls, buffer, record_bytes, &count)) {
            return wait_or_drop(connection);
        }
        if (!SSL_write_ex(connection->tls, buffer, count, &written)) {
            keep(connection, count);
            return wait_or_drop(connection);
        }
    } while (SSL_has_pending(connection->tls));
}

static void go_on_writing(struct connection* connection) {
    if (connection->rest) {
        size_t written;
        if (!SSL_write_ex(connection->tls, connection->rest, connection->rest_size, &written)) {
            return wait_or_drop(connection);
        }
        free(connection->rest);
        connection->rest = NULL;
    }
    watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    echo(connection);
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection* connection = malloc(sizeof *connection);
        require(connection != NULL);
        *connection = (struct connection){.fd = fd, .tls = SSL_new(context)};
        require(connection->tls != NULL && SSL_set_fd(connection->tls, fd) == 1);
        SSL_set_accept_state(connection->tls);
        watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static int listen_at(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    require(bind(listener, (struct sockaddr*)&address, sizeof address) == 0);
    require(listen(listener, 1024) == 0);
    return listener;
}

static SSL_CTX* make_context(const char* certificate, const char* key) {
    SSL_CTX* made = SSL_CTX_new(TLS_server_method());
    require(made != NULL);
    require(SSL_CTX_use_certificate_chain_file(made, certificate) == 1);
    require(SSL_CTX_use_PrivateKey_file(made, key, SSL_FILETYPE_PEM) == 1);
    SSL_CTX_set_read_ahead(made, 1);
    // Buffers that all connections share in turn stay in the cache; a rest is not where it was.
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return made;
}

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    signal(SIGPIPE, SIG_IGN);
    context = make_context(argv[1], argv[2]);
    int listener = listen_at(atoi(argv[3]));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    require(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == 0);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; ++i) {
            struct connection* connection = events[i].data.ptr;
            if (!connection) {
                accept_all(listener);
            } else if (events[i].events & EPOLLIN) {
                echo(connection);
            } else {
                go_on_writing(connection);
            }
        }
    }
}
