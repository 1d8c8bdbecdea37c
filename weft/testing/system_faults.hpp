// SPDX-License-Identifier: Apache-2.0
// weft/testing/system_faults.hpp - system calls that fail on demand, as the kernel can fail them.
//
//     SystemFaults faults;
//     faults.on(Call::recv, {.error = EINTR, .first = 3});         // the third recv(2)
//     faults.on(Call::send, {.bytes_max = 7, .times = always});    // takes at most 7 bytes each time
//     faults.on(Call::accept4, {.error = EMFILE, .times = 5});
//
// Defines these functions for the whole program, and calls those of libc from there: one file of a
// test program includes this. A sanitizer's own definitions are weak, and give way.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <utility>

#include <dlfcn.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace weft::testing {

enum class Call : std::uint8_t {
    accept4,
    connect,
    epoll_add,  // epoll_ctl(2) that adds: to remove or change fails for no want of anything
    epoll_wait,
    listen,
    read,
    recv,
    recvfrom,
    recvmsg,
    send,
    sendfile,
    sendmsg,
    shutdown,
    socket,
    write,
};

inline constexpr int always = std::numeric_limits<int>::max();
inline constexpr std::size_t any_bytes = std::numeric_limits<std::size_t>::max();

struct Fault {
    int error = 0;                         ///< it fails with this errno; 0: it does not fail
    std::size_t bytes_max = any_bytes;     ///< it transfers no more than so many
    int first = 1;                         ///< begins with the n-th call from now on
    int times = 1;                         ///< meets so many calls
    int fd = -1;                           ///< only calls on this descriptor count
    std::function<void()> meanwhile = {};  ///< happens just before the call
};

/// The faults of one thread's calls while it lives, one such object at a time. Other threads' calls
/// go through as they are.
class SystemFaults {
public:
    SystemFaults() noexcept { of_this_thread = this; }
    ~SystemFaults() { of_this_thread = nullptr; }
    SystemFaults(const SystemFaults&) = delete;
    SystemFaults& operator=(const SystemFaults&) = delete;

    void on(Call call, Fault fault) { plan_.push_back({call, std::move(fault)}); }
    /// How many were made, those that met a fault included.
    [[nodiscard]] int calls(Call call) const noexcept {
        return calls_[static_cast<std::size_t>(call)];
    }
    /// How many calls have met a fault.
    [[nodiscard]] int met() const noexcept { return met_; }

    /// For the calls below. Returns: the errno to fail with, or 0; `bytes` is lowered.
    static int judge(Call call, int fd, std::size_t& bytes) {
        return of_this_thread ? of_this_thread->judge_call(call, fd, bytes) : 0;
    }

private:
    int judge_call(Call call, int fd, std::size_t& bytes) {
        ++calls_[static_cast<std::size_t>(call)];
        int error = 0;
        for (auto& [planned, fault] : plan_) {
            if (planned != call || (fault.fd >= 0 && fault.fd != fd)) continue;
            if (fault.first > 1) {
                --fault.first;
                continue;
            }
            if (fault.times == 0) continue;
            if (fault.times != always) --fault.times;
            ++met_;
            if (fault.meanwhile) fault.meanwhile();
            bytes = std::min(bytes, fault.bytes_max);
            if (error == 0) error = fault.error;
        }
        return error;
    }

    inline static thread_local SystemFaults* of_this_thread = nullptr;
    std::list<std::pair<Call, Fault>> plan_;  // grows while it is looked through
    std::array<int, static_cast<std::size_t>(Call::write) + 1> calls_{};
    int met_ = 0;
};

// Implementation.

/// Whether the call fails, with errno set; `bytes` is how many it may transfer.
inline bool fails(Call call, int fd, std::size_t& bytes) {
    const int error = SystemFaults::judge(call, fd, bytes);
    if (error != 0) errno = error;
    return error != 0;
}
inline bool fails(Call call, int fd) {
    std::size_t bytes = any_bytes;
    return fails(call, fd, bytes);
}

template <class Function>
Function* libc(const char* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// A message of as many bytes as it may transfer, out of its first piece.
class ShortMessage {
public:
    ShortMessage(const msghdr& message, std::size_t bytes) noexcept : header_(message) {
        if (bytes == any_bytes || message.msg_iovlen == 0) return;
        piece_ = message.msg_iov[0];
        piece_.iov_len = std::min(piece_.iov_len, bytes);
        header_.msg_iov = &piece_;
        header_.msg_iovlen = 1;
    }
    [[nodiscard]] msghdr* header() noexcept { return &header_; }
    void tell(msghdr& message) const noexcept {
        message.msg_namelen = header_.msg_namelen;
        message.msg_controllen = header_.msg_controllen;
        message.msg_flags = header_.msg_flags;
    }

private:
    msghdr header_;
    iovec piece_{};
};

// In a namespace they are the same functions: their linkage is C's.
extern "C" {

int accept4(int fd, sockaddr* peer, socklen_t* size, int flags) {
    static const auto real = libc<decltype(::accept4)>("accept4");
    if (fails(Call::accept4, fd)) return -1;
    return real(fd, peer, size, flags);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    static const auto real = libc<decltype(::connect)>("connect");
    if (!fails(Call::connect, fd)) return real(fd, address, size);
    const int error = errno;
    if (error == EINTR) static_cast<void>(real(fd, address, size));  // goes on by itself
    errno = error;
    return -1;
}

int epoll_ctl(int epoll, int what, int fd, epoll_event* event) noexcept {
    static const auto real = libc<decltype(::epoll_ctl)>("epoll_ctl");
    if (what == EPOLL_CTL_ADD && fails(Call::epoll_add, fd)) return -1;
    return real(epoll, what, fd, event);
}

int epoll_pwait2(int epoll, epoll_event* events, int most, const timespec* timeout,
                 const sigset_t* signals) {
    static const auto real = libc<decltype(::epoll_pwait2)>("epoll_pwait2");
    if (fails(Call::epoll_wait, epoll)) return -1;
    return real(epoll, events, most, timeout, signals);
}

int listen(int fd, int backlog) noexcept {
    static const auto real = libc<decltype(::listen)>("listen");
    return fails(Call::listen, fd) ? -1 : real(fd, backlog);
}

ssize_t read(int fd, void* buffer, std::size_t bytes) {
    static const auto real = libc<decltype(::read)>("read");
    if (fails(Call::read, fd, bytes)) return -1;
    return real(fd, buffer, bytes);
}

ssize_t recv(int fd, void* buffer, std::size_t bytes, int flags) {
    static const auto real = libc<decltype(::recv)>("recv");
    if (fails(Call::recv, fd, bytes)) return -1;
    return real(fd, buffer, bytes, flags);
}

ssize_t recvfrom(int fd, void* buffer, std::size_t bytes, int flags, sockaddr* peer,
                 socklen_t* size) {
    static const auto real = libc<decltype(::recvfrom)>("recvfrom");
    if (fails(Call::recvfrom, fd, bytes)) return -1;
    return real(fd, buffer, bytes, flags, peer, size);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    static const auto real = libc<decltype(::recvmsg)>("recvmsg");
    std::size_t bytes = any_bytes;
    if (fails(Call::recvmsg, fd, bytes)) return -1;
    ShortMessage shorter(*message, bytes);
    const ssize_t count = real(fd, shorter.header(), flags);
    shorter.tell(*message);
    return count;
}

ssize_t send(int fd, const void* buffer, std::size_t bytes, int flags) {
    static const auto real = libc<decltype(::send)>("send");
    if (fails(Call::send, fd, bytes)) return -1;
    return real(fd, buffer, bytes, flags);
}

ssize_t sendfile(int to, int from, off_t* offset, std::size_t bytes) noexcept {
    static const auto real = libc<decltype(::sendfile)>("sendfile");
    if (fails(Call::sendfile, to, bytes)) return -1;
    return real(to, from, offset, bytes);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    static const auto real = libc<decltype(::sendmsg)>("sendmsg");
    std::size_t bytes = any_bytes;
    if (fails(Call::sendmsg, fd, bytes)) return -1;
    return real(fd, ShortMessage(*message, bytes).header(), flags);
}

int shutdown(int fd, int how) noexcept {
    static const auto real = libc<decltype(::shutdown)>("shutdown");
    return fails(Call::shutdown, fd) ? -1 : real(fd, how);
}

int socket(int family, int type, int protocol) noexcept {
    static const auto real = libc<decltype(::socket)>("socket");
    return fails(Call::socket, -1) ? -1 : real(family, type, protocol);
}

ssize_t write(int fd, const void* buffer, std::size_t bytes) {
    static const auto real = libc<decltype(::write)>("write");
    if (fails(Call::write, fd, bytes)) return -1;
    return real(fd, buffer, bytes);
}

}  // extern "C"

}  // namespace weft::testing
