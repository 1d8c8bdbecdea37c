// SPDX-License-Identifier: Apache-2.0
// The echo server of the I/O benchmarks without any library, as the limit; see bench/README.md for
// the contract.
//
// Edge-triggered, so that a connection is told to the kernel once, and one recv and one send make
// an echo.
// usage: bare_echo PORT

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { buffer_bytes = 64 * 1024, slow_ns = 10 * 1000 * 1000 };

static char buffer[buffer_bytes];
static int epoll;

// What the system did not take, or is to be sent when its time has come; nothing is received
// meanwhile.
struct rest {
    struct connection* connection;
    struct rest* next;  // all are due after the same time, so the first one is due first
    long long due;
    size_t size;
    size_t sent;
    char bytes[];
};

struct connection {
    int fd;
    struct rest* rest;
};

static struct rest* first_slow;
static struct rest** end_of_slow = &first_slow;

static void require(int holds) {
    if (!holds) abort();
}

static long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void keep(struct connection* connection, const char* bytes, size_t size) {
    struct rest* rest = malloc(sizeof *rest + size);
    require(rest != NULL);
    *rest = (struct rest){.connection = connection, .size = size};
    memcpy(rest->bytes, bytes, size);
    connection->rest = rest;
}

// How much the system takes. An error counts as all of it: the next recv tells.
static size_t send_now(const struct connection* connection, const char* bytes, size_t size) {
    ssize_t count = send(connection->fd, bytes, size, MSG_NOSIGNAL);
    if (count >= 0) return (size_t)count;
    return errno == EAGAIN ? 0 : size;
}

// False while something of it is left.
static int send_rest(struct connection* connection) {
    struct rest* rest = connection->rest;
    if (!rest) return 1;
    if (rest->due != 0) return 0;
    rest->sent += send_now(connection, rest->bytes + rest->sent, rest->size - rest->sent);
    if (rest->sent < rest->size) return 0;
    free(rest);
    connection->rest = NULL;
    return 1;
}

static void sleep_before(struct connection* connection, size_t size) {
    keep(connection, buffer, size);
    connection->rest->due = now_ns() + slow_ns;
    *end_of_slow = connection->rest;
    end_of_slow = &connection->rest->next;
}

static void drop(struct connection* connection) {
    close(connection->fd);
    free(connection->rest);
    free(connection);
}

// `ended`: the peer sends no more, or it is not known what has come.
static void echo(struct connection* connection, int ended) {
    while (send_rest(connection)) {
        ssize_t count = recv(connection->fd, buffer, buffer_bytes, 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return drop(connection);
        if (buffer[0] == 'S') return sleep_before(connection, (size_t)count);
        size_t sent = send_now(connection, buffer, (size_t)count);
        if (sent < (size_t)count) keep(connection, buffer + sent, (size_t)count - sent);
        // Less than was asked for: what comes next is told, but for the end that has been told.
        if (count < buffer_bytes && !ended) return;
    }
}

static void wake_slow(void) {
    long long now = now_ns();
    while (first_slow && first_slow->due <= now) {
        struct rest* rest = first_slow;
        first_slow = rest->next;
        if (!first_slow) end_of_slow = &first_slow;
        rest->due = 0;
        echo(rest->connection, 1);
    }
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection* connection = malloc(sizeof *connection);
        require(connection != NULL);
        *connection = (struct connection){.fd = fd};
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                    .data.ptr = connection};
        require(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
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

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    int listener = listen_at(atoi(argv[1]));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    require(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == 0);
    for (;;) {
        struct epoll_event events[256];
        struct timespec left = {0};
        if (first_slow) {
            long long wait = first_slow->due - now_ns();
            if (wait > 0) left.tv_nsec = wait;
        }
        int count = epoll_pwait2(epoll, events, 256, first_slow ? &left : NULL, NULL);
        for (int i = 0; i < count; ++i) {
            if (events[i].data.ptr) {
                echo(events[i].data.ptr, (events[i].events & EPOLLRDHUP) != 0);
            } else {
                accept_all(listener);
            }
        }
        if (first_slow) wake_slow();
    }
}
