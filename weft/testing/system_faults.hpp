// SPDX-License-Identifier: Apache-2.0
// weft/testing/system_faults.hpp - system calls that fail on demand, as the kernel can fail them.
//
//     SystemFaults faults;
//     faults.on(Call::recv, {.error = EINTR, .first = 3});         // the third recv(2)
//     faults.on(Call::send, {.bytes_max = 7, .times = always});    // takes at most 7 bytes each time
//     faults.on(Call::accept4, {.error = EMFILE, .times = 5});
//
// Those of an executor's threads, too:
//
//     SystemFaults everywhere(Threads::all);
//     everywhere.on(Call::fsync, {.error = EIO});
//
// Defines these functions for the whole program, and calls those of libc from there: one file of a
// test program includes this. A sanitizer's own definitions are weak, and give way.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <mutex>
#include <utility>

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Before glibc 2.37 it does not say so itself.
extern "C" {
#include <sys/pidfd.h>
}

namespace weft::testing {

enum class Call : std::uint8_t {
    accept4,
    connect,
    epoll_add,  // epoll_ctl(2) that adds: to remove or change fails for no want of anything
    epoll_wait,
    fchmod,
    fsync,
    ftruncate,
    listen,
    open,
    pidfd_open,
    posix_spawn,
    pread,
    preadv2,
    pwrite,
    read,
    recv,
    recvfrom,
    recvmsg,
    rename,
    send,
    sendfile,
    sendmsg,
    shutdown,
    socket,
    waitid,
    write,
};

/// Whose calls meet the faults.
enum class Threads : std::uint8_t { this_one, all };

inline constexpr int always = std::numeric_limits<int>::max();
inline constexpr std::size_t any_bytes = std::numeric_limits<std::size_t>::max();

struct Fault {
    int error = 0;                      ///< it fails with this errno; 0: it does not fail
    std::size_t bytes_max = any_bytes;  ///< it transfers no more than so many
    int first = 1;                      ///< begins with the n-th call from now on
    int times = 1;                      ///< meets so many calls
    int fd = -1;                        ///< only calls on this descriptor count
    bool of_files = false;              ///< only calls on files and folders count, by name or open
    std::function<void()> meanwhile = {};  ///< happens just before the call
};

/// The faults of one thread's calls while it lives, or of all threads', one such object at a time.
/// Other threads' calls go through as they are.
class SystemFaults {
public:
    explicit SystemFaults(Threads threads = Threads::this_one) {
        const std::lock_guard lock(mutex);
        threads == Threads::all ? void(of_all_threads = this) : void(of_this_thread = this);
    }
    ~SystemFaults() {
        const std::lock_guard lock(mutex);
        of_all_threads == this ? void(of_all_threads = nullptr) : void(of_this_thread = nullptr);
    }
    SystemFaults(const SystemFaults&) = delete;
    SystemFaults& operator=(const SystemFaults&) = delete;

    void on(Call call, Fault fault) {
        const std::lock_guard lock(mutex);
        plan_.push_back({call, std::move(fault)});
    }
    /// How many were made, those that met a fault included.
    [[nodiscard]] int calls(Call call) const {
        const std::lock_guard lock(mutex);
        return calls_[static_cast<std::size_t>(call)];
    }
    /// How many calls have met a fault.
    [[nodiscard]] int met() const {
        const std::lock_guard lock(mutex);
        return met_;
    }

    /// For the calls below. Returns: the errno to fail with, or 0; `bytes` is lowered.
    static int judge(Call call, int fd, std::size_t& bytes) {
        if (of_this_thread) return of_this_thread->judge_call(call, fd, bytes);
        if (!of_all_threads) return 0;
        const std::lock_guard lock(mutex);
        SystemFaults* const faults = of_all_threads;
        return faults ? faults->judge_call(call, fd, bytes) : 0;
    }

private:
    int judge_call(Call call, int fd, std::size_t& bytes) {
        ++calls_[static_cast<std::size_t>(call)];
        int error = 0;
        for (auto& [planned, fault] : plan_) {
            if (planned != call || (fault.fd >= 0 && fault.fd != fd)) continue;
            if (fault.of_files && fd >= 0 && !is_of_a_file(fd)) continue;
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

    static bool is_of_a_file(int fd) noexcept {
        struct stat found{};
        return ::fstat(fd, &found) == 0 && (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode));
    }

    inline static std::recursive_mutex mutex;  // what happens meanwhile may be calls, too
    inline static std::atomic<SystemFaults*> of_all_threads = nullptr;
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

int fchmod(int fd, mode_t mode) noexcept {
    static const auto real = libc<decltype(::fchmod)>("fchmod");
    return fails(Call::fchmod, fd) ? -1 : real(fd, mode);
}

int fsync(int fd) {
    static const auto real = libc<decltype(::fsync)>("fsync");
    return fails(Call::fsync, fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t size) noexcept {
    static const auto real = libc<decltype(::ftruncate)>("ftruncate");
    return fails(Call::ftruncate, fd) ? -1 : real(fd, size);
}

int listen(int fd, int backlog) noexcept {
    static const auto real = libc<decltype(::listen)>("listen");
    return fails(Call::listen, fd) ? -1 : real(fd, backlog);
}

int open(const char* path, int flags, ...) {
    static const auto real = libc<decltype(::open)>("open");
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return fails(Call::open, -1) ? -1 : real(path, flags, mode);
}

int pidfd_open(pid_t pid, unsigned flags) noexcept {
    static const auto real = libc<decltype(::pidfd_open)>("pidfd_open");
    return fails(Call::pidfd_open, -1) ? -1 : real(pid, flags);
}

// Gives its error, and leaves errno alone.
int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments,
                char* const* environment) {
    static const auto real = libc<decltype(::posix_spawn)>("posix_spawn");
    std::size_t bytes = any_bytes;
    const int error = SystemFaults::judge(Call::posix_spawn, -1, bytes);
    return error != 0 ? error : real(pid, path, actions, attributes, arguments, environment);
}

ssize_t pread(int fd, void* buffer, std::size_t bytes, off_t offset) {
    static const auto real = libc<decltype(::pread)>("pread");
    if (fails(Call::pread, fd, bytes)) return -1;
    return real(fd, buffer, bytes, offset);
}

// Of the first piece.
ssize_t preadv2(int fd, const iovec* pieces, int count, off_t offset, int flags) {
    static const auto real = libc<decltype(::preadv2)>("preadv2");
    std::size_t bytes = any_bytes;
    if (fails(Call::preadv2, fd, bytes)) return -1;
    if (bytes == any_bytes || count == 0) return real(fd, pieces, count, offset, flags);
    const iovec piece{.iov_base = pieces[0].iov_base,
                      .iov_len = std::min(pieces[0].iov_len, bytes)};
    return real(fd, &piece, 1, offset, flags);
}

ssize_t pwrite(int fd, const void* buffer, std::size_t bytes, off_t offset) {
    static const auto real = libc<decltype(::pwrite)>("pwrite");
    if (fails(Call::pwrite, fd, bytes)) return -1;
    return real(fd, buffer, bytes, offset);
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

int rename(const char* from, const char* to) noexcept {
    static const auto real = libc<decltype(::rename)>("rename");
    return fails(Call::rename, -1) ? -1 : real(from, to);
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

int waitid(idtype_t what, id_t id, siginfo_t* info, int options) {
    static const auto real = libc<decltype(::waitid)>("waitid");
    return fails(Call::waitid, -1) ? -1 : real(what, id, info, options);
}

ssize_t write(int fd, const void* buffer, std::size_t bytes) {
    static const auto real = libc<decltype(::write)>("write");
    if (fails(Call::write, fd, bytes)) return -1;
    return real(fd, buffer, bytes);
}

}  // extern "C"

}  // namespace weft::testing
