// SPDX-License-Identifier: Apache-2.0
#include <weft/io/epoll_backend.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
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
    void watch(int fd, Registration& registration);
    void deliver(int fd, std::uint32_t events);

    FileDescriptor epoll_;
    FileDescriptor waker_;
    std::unordered_map<int, Registration> registrations_;
};

std::uint32_t events_of(IoKind kind) noexcept {
    return kind == IoKind::readable || kind == IoKind::read ? EPOLLIN : EPOLLOUT;
}

// -EAGAIN means not yet.
std::int32_t attempt(IoOperation& op) noexcept {
    ssize_t count = 0;
    do {
        if (op.kind == IoKind::read) {
            count = op.offset < 0 ? ::read(op.fd, op.buffer, op.length)
                                  : ::pread(op.fd, op.buffer, op.length, op.offset);
        } else {
            count = op.offset < 0 ? ::write(op.fd, op.buffer, op.length)
                                  : ::pwrite(op.fd, op.buffer, op.length, op.offset);
        }
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : static_cast<std::int32_t>(count);
}

bool repeats(IoKind kind) noexcept { return kind == IoKind::readable || kind == IoKind::writable; }

void EpollBackend::submit(IoOperation& operation) {
    Registration& registration = registrations_[operation.fd];
    registration.operations.push_back(operation);
    try {
        watch(operation.fd, registration);
    } catch (...) {
        operation.unlink();
        if (registration.operations.empty()) registrations_.erase(operation.fd);
        throw;
    }
}

// Tells the kernel what the operations on `fd` wait for, if that has changed.
void EpollBackend::watch(int fd, Registration& registration) {
    std::uint32_t wanted = 0;
    for (const IoOperation& operation : registration.operations) {
        wanted |= events_of(operation.kind);
    }
    if (wanted == registration.events) return;
    epoll_event event{};
    event.events = wanted;
    event.data.fd = fd;
    const int action = wanted == 0                ? EPOLL_CTL_DEL
                       : registration.events == 0 ? EPOLL_CTL_ADD
                                                  : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll_.get(), action, fd, &event) != 0) {
        throw_os_error(errno, "cannot watch descriptor " + std::to_string(fd));
    }
    registration.events = wanted;
}

bool EpollBackend::cancel(IoOperation& operation) noexcept {
    const int fd = operation.fd;
    operation.unlink();
    const auto at = registrations_.find(fd);
    if (at == registrations_.end()) return true;
    try {
        watch(fd, at->second);
    } catch (const OSError&) {
        // The descriptor was closed before; the kernel has forgotten it already.
        at->second.events = 0;
    }
    if (at->second.operations.empty()) registrations_.erase(at);
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

    List<IoOperation> candidates;
    candidates.splice_back(at->second.operations);
    while (IoOperation* operation = candidates.pop_front()) {
        if (!(events_of(operation->kind) & events)) {
            at->second.operations.push_back(*operation);
        } else if (repeats(operation->kind)) {
            at->second.operations.push_back(*operation);
            operation->complete(0, true);
        } else if (const std::int32_t result = attempt(*operation); result == -EAGAIN) {
            at->second.operations.push_back(*operation);
        } else {
            operation->complete(result, false);
        }
    }
    watch(fd, at->second);
    if (at->second.operations.empty()) registrations_.erase(at);
}

}  // namespace

std::unique_ptr<Backend> make_epoll_backend() { return std::make_unique<EpollBackend>(); }

}  // namespace weft
