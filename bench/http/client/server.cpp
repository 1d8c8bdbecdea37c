// SPDX-License-Identifier: Apache-2.0
// The server of the benchmarks of HTTP clients, on bare system calls: GET /bytes/N gives N bytes.
//
// Whoever asks decides what is measured, so this is to cost as little as it can: edge-triggered
// epoll, one recv and one send for a request, bodies from pages that the kernel shares instead of
// copying, and no sleep between requests, so that no client pays for waking it.
// usage: http_bench_server PORT    on all addresses of the loopback device

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using std::string_view_literals::operator""sv;

constexpr auto get = "GET "sv;
constexpr auto head_end = "\r\n\r\n"sv;
constexpr auto path = "/bytes/"sv;  // and how many

constexpr auto head_begin =
    "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "Content-Type: application/octet-stream\r\nContent-Length: "sv;

constexpr std::size_t request_bytes_max = 4096;
// Sent in one piece with its head.
constexpr std::uint64_t small_body_bytes_max = 4096;
constexpr std::size_t block_bytes = std::size_t{1024} * 1024;
// Some hundred milliseconds: longer than any client takes to go on.
constexpr int idle_polls_max = 1'000'000;

template <class T>
T checked(T result, const char* what) {
    if (result >= 0) return result;
    std::perror(what);
    std::exit(1);
}

// A file of 1 MiB that bodies are made of.
int make_block() {
    const int block = checked(::memfd_create("block", MFD_CLOEXEC), "memfd_create");
    const std::string text(block_bytes, 'x');
    checked(::write(block, text.data(), text.size()), "write");
    return block;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

// Requests may come in pieces, and several at once.
class Connection {
public:
    Connection(int fd, int block) : fd_(fd), block_(block) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { ::close(fd_); }

    // Answers what there is. False at the end. `has_ended`: the client sends no more, of which epoll
    // does not tell again.
    bool serve(bool has_ended) {
        for (bool is_all = false;;) {
            if (!send_rest()) return errno == EAGAIN;
            if (const auto target = take_request()) {
                if (!begin_response(*target)) return false;
                continue;
            }
            if (is_all && !has_ended) return true;
            const std::size_t room = buffer_.size() - size_;
            const ssize_t count = ::recv(fd_, buffer_.data() + size_, room, 0);
            if (count < 0 && errno == EAGAIN) return true;
            if (count <= 0) return false;  // also where one request fills the buffer
            size_ += static_cast<std::size_t>(count);
            is_all = static_cast<std::size_t>(count) < room;
        }
    }

private:
    // The target of the next request, once all of that is there; empty where it is no GET.
    std::optional<std::string> take_request() {
        const std::string_view received(buffer_.data(), size_);
        const std::size_t end = received.find(head_end);
        if (end == std::string_view::npos) return std::nullopt;
        std::string target;
        if (received.starts_with(get)) {
            target = received.substr(get.size(), received.find(' ', get.size()) - get.size());
        }
        const std::size_t used = end + head_end.size();
        size_ -= used;
        std::memmove(buffer_.data(), buffer_.data() + used, size_);
        return target;
    }

    // False where there is no such thing.
    bool begin_response(std::string_view target) {
        if (!target.starts_with(path)) return false;
        const auto size = number_of(target.substr(path.size()));
        if (!size) return false;
        sent_ = 0;
        body_left_ = *size;
        head_.assign(head_begin).append(std::to_string(*size)).append(head_end);
        if (*size > small_body_bytes_max) return true;
        head_.append(std::exchange(body_left_, 0), 'x');
        return true;
    }

    // False while something is left; errno says why.
    bool send_rest() {
        while (sent_ < head_.size()) {
            const int more = body_left_ > 0 ? MSG_MORE : 0;
            const ssize_t count = ::send(fd_, head_.data() + sent_, head_.size() - sent_, more);
            if (count < 0) return false;
            sent_ += static_cast<std::size_t>(count);
        }
        while (body_left_ > 0) {
            off_t from = 0;
            const auto size = std::min<std::uint64_t>(body_left_, block_bytes);
            const ssize_t count = ::sendfile(fd_, block_, &from, size);
            if (count < 0) return false;
            body_left_ -= static_cast<std::uint64_t>(count);
        }
        return true;
    }

    int fd_;
    int block_;
    std::size_t size_ = 0;  // of what has come
    std::array<char, request_bytes_max> buffer_;
    std::string head_;  // with the body where that is small
    std::size_t sent_ = 0;
    std::uint64_t body_left_ = 0;
};

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

void watch(int epoll, int fd, std::uint32_t events, void* data) {
    epoll_event event{.events = events, .data = {.ptr = data}};
    checked(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void accept_all(int epoll, int listener, int block) {
    for (;;) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && errno == EAGAIN) return;
        auto* const connection = new Connection(checked(fd, "accept4"), block);
        watch(epoll, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    ::signal(SIGPIPE, SIG_IGN);
    const int block = make_block();
    const int listener = listen_at(std::atoi(argv[1]));
    const int epoll = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    watch(epoll, listener, EPOLLIN, nullptr);
    for (int idle_polls = 0;; ++idle_polls) {
        std::array<epoll_event, 256> events;
        const int wait_ms = idle_polls < idle_polls_max ? 0 : -1;
        const int count = ::epoll_wait(epoll, events.data(), events.size(), wait_ms);
        for (const epoll_event& event : std::span(events).first(std::max(count, 0))) {
            idle_polls = 0;
            auto* const connection = static_cast<Connection*>(event.data.ptr);
            if (connection == nullptr) {
                accept_all(epoll, listener, block);
            } else if (!connection->serve((event.events & EPOLLRDHUP) != 0)) {
                delete connection;
            }
        }
    }
}
