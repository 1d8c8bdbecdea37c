// SPDX-License-Identifier: Apache-2.0
#include <weft/io/epoll_backend.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/attempt.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {
namespace {

class FileDescriptor {
public:
    FileDescriptor(int fd, const char* what) : fd_(fd) {
        if (fd < 0) throw_os_error(errno, what);
    }
    ~FileDescriptor() { ::close(fd_); }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

// The operations on one descriptor, which is in the epoll set while there are any.
struct Registration {
    List<IoOperation> operations;
    std::uint32_t events = 0;  // what the kernel was told
};

class EpollBackend final : public Backend {
public:
    EpollBackend()
        : epoll_(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"),
          waker_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd") {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;  // edge-triggered: need not be read to be quiet
        event.data.fd = waker_.get();
        if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, waker_.get(), &event) != 0) {
            throw_os_error(errno, "epoll_ctl");
        }
    }

    [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
    [[nodiscard]] TimePoint now() const noexcept override {
        return TimePoint(std::chrono::steady_clock::now().time_since_epoch());
    }

    void submit(IoOperation& operation) override;
    bool cancel(IoOperation& operation) noexcept override;
    [[nodiscard]] bool wait(TimePoint deadline) override;
    void wake() noexcept override {
        const std::uint64_t one = 1;
        // Fails only when the counter is full, and then the loop is awake anyway.
        static_cast<void>(!::write(waker_.get(), &one, sizeof one));
    }

private:
    void watch(int fd, Registration& registration, bool anyway = false);
    void unwatch(int fd, Registration& registration) noexcept;
    void deliver(int fd, std::uint32_t events);
    void lend_buffer(IoOperation& operation) noexcept {
        operation.buffer = received_.get();
        operation.length = received_bytes_max;
    }

    FileDescriptor epoll_;
    FileDescriptor waker_;
    std::unordered_map<int, Registration> registrations_;
    // What receive_each brings, of all descriptors: an idle connection needs no buffer.
    static constexpr std::size_t received_bytes_max = 64 * 1024;
    std::unique_ptr<std::byte[]> received_ =
        std::make_unique_for_overwrite<std::byte[]>(received_bytes_max);
};

std::uint32_t events_of(IoKind kind) noexcept {
    switch (kind) {
        case IoKind::readable:
        case IoKind::readable_once:
        case IoKind::read:
        case IoKind::receive:
        case IoKind::receive_each:
        case IoKind::receive_message:
        case IoKind::accept:
            return EPOLLIN;
        case IoKind::writable:
        case IoKind::writable_once:
        case IoKind::write:
        case IoKind::send:
        case IoKind::send_message:
        case IoKind::connect:
            return EPOLLOUT;
    }
    return 0;
}

bool repeats(IoKind kind, std::int32_t result) noexcept {
    return kind == IoKind::readable || kind == IoKind::writable ||
           (kind == IoKind::receive_each && result > 0);
}

// The descriptor is ready. What the operation has come to; nullopt: it is not ready after all.
std::optional<std::int32_t> try_ready(const IoOperation& operation) noexcept {
    switch (operation.kind) {
        case IoKind::readable:
        case IoKind::writable:
        case IoKind::readable_once:
        case IoKind::writable_once:
            return 0;
        case IoKind::connect: {
            // A second connect(2) tells how the first one went.
            const std::optional<std::int32_t> result = internal::attempt(operation);
            return result == -EISCONN ? 0 : result;
        }
        default:
            return internal::attempt(operation);
    }
}

void EpollBackend::submit(IoOperation& operation) {
    Registration& registration = registrations_[operation.fd];
    // Two operations that wait for the same are rare, and one that was left behind when its
    // descriptor was closed looks like that: the kernel tells whether it still knows the number.
    const bool in_doubt = (registration.events & events_of(operation.kind)) != 0;
    registration.operations.push_back(operation);
    try {
        watch(operation.fd, registration, in_doubt);
    } catch (...) {
        operation.unlink();
        if (registration.operations.empty()) registrations_.erase(operation.fd);
        throw;
    }
}

// Tells the kernel what the operations on `fd` wait for, if that has changed, or anyway.
void EpollBackend::watch(int fd, Registration& registration, bool anyway) {
    std::uint32_t wanted = 0;
    for (const IoOperation& operation : registration.operations) {
        wanted |= events_of(operation.kind);
    }
    if (wanted == registration.events && !anyway) return;
    epoll_event event{};
    event.events = wanted;
    event.data.fd = fd;
    const int action = wanted == 0                ? EPOLL_CTL_DEL
                       : registration.events == 0 ? EPOLL_CTL_ADD
                                                  : EPOLL_CTL_MOD;
    int result = epoll_ctl(epoll_.get(), action, fd, &event);
    // The descriptor was closed while it was watched, and the number now is another file.
    if (result != 0 && action == EPOLL_CTL_MOD && errno == ENOENT) {
        result = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    }
    if (result != 0) throw_os_error(errno, "cannot watch descriptor " + std::to_string(fd));
    registration.events = wanted;
}

// After operations have gone. A descriptor that was closed before them is an error that nobody
// needs to hear of: the kernel has forgotten it already.
void EpollBackend::unwatch(int fd, Registration& registration) noexcept {
    try {
        watch(fd, registration);
    } catch (const OSError&) {
        registration.events = 0;
    }
    if (registration.operations.empty()) registrations_.erase(fd);
}

bool EpollBackend::cancel(IoOperation& operation) noexcept {
    const int fd = operation.fd;
    operation.unlink();
    const auto at = registrations_.find(fd);
    if (at != registrations_.end()) unwatch(fd, at->second);
    return true;
}

bool EpollBackend::wait(TimePoint deadline) {
    if (deadline == TimePoint::min() && registrations_.empty()) return true;  // nothing can come

    std::array<epoll_event, 256> events;
    timespec span{};
    timespec* timeout = &span;
    if (deadline == TimePoint::max()) {
        timeout = nullptr;
    } else if (deadline != TimePoint::min()) {
        const Nanoseconds left = std::max(deadline - now(), Nanoseconds::zero());
        span.tv_sec = left.count() / 1'000'000'000;
        span.tv_nsec = left.count() % 1'000'000'000;
    }
    const int count = epoll_pwait2(epoll_.get(), events.data(), events.size(), timeout, nullptr);
    if (count < 0) {
        if (errno == EINTR) return true;
        throw_os_error(errno, "epoll_pwait2");
    }
    for (int i = 0; i < count; ++i) {
        if (events[i].data.fd != waker_.get()) deliver(events[i].data.fd, events[i].events);
    }
    return true;
}

void EpollBackend::deliver(int fd, std::uint32_t events) {
    const auto at = registrations_.find(fd);
    if (at == registrations_.end()) return;
    // An error or a hang-up makes both directions ready: the call will tell.
    if (events & (EPOLLERR | EPOLLHUP)) events |= EPOLLIN | EPOLLOUT;

    Registration& registration = at->second;
    List<IoOperation> candidates;
    candidates.splice_back(registration.operations);
    while (IoOperation* operation = candidates.pop_front()) {
        std::optional<std::int32_t> result;
        if (operation->kind == IoKind::receive_each) lend_buffer(*operation);
        if (events_of(operation->kind) & events) result = try_ready(*operation);
        const bool more = !result || repeats(operation->kind, *result);
        if (more) registration.operations.push_back(*operation);
        if (result) operation->complete(*result, more);
    }
    unwatch(fd, registration);
}

}  // namespace

std::unique_ptr<Backend> make_epoll_backend() { return std::make_unique<EpollBackend>(); }

}  // namespace weft
