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
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/attempt.hpp>
#include <weft/io/internal/file_descriptor.hpp>
#include <weft/io/internal/lent_buffer.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {
namespace {

using internal::FileDescriptor;

constexpr int accepts_a_wait = 100;
constexpr int attempts_a_wait = 64;                       // of all descriptors: some 4 MiB
constexpr std::int64_t longest_ms = 24 * 60 * 60 * 1000;  // the loop then waits again

[[noreturn]] void throw_cannot_watch(int fd) {
    throw_os_error(errno, "cannot watch descriptor " + std::to_string(fd));
}

// The operations on one descriptor, which is in the epoll set while there are any.
struct Registration {
    List<IoOperation> receiving;  // those that wait until it is readable
    List<IoOperation> sending;    // those that wait until it is writable
    std::uint32_t events = 0;     // what the kernel was told

    [[nodiscard]] std::uint32_t wanted() const noexcept {
        return (receiving.empty() ? 0U : EPOLLIN) | (sending.empty() ? 0U : EPOLLOUT);
    }
};

// Registrations by the number of their descriptor, in pages that are made where there is one:
// the numbers are small, but where a process may have a billion descriptors any is possible.
class Registrations {
public:
    /// Errors: OSError when `fd` is no descriptor, which may be any number.
    Registration& at_or_new(int fd) {
        const auto number = static_cast<std::size_t>(fd);
        if (fd < 0 || number / page_size >= pages_.size() || !pages_[number / page_size]) {
            if (fcntl(fd, F_GETFD) < 0) throw_cannot_watch(fd);
            if (number / page_size >= pages_.size()) pages_.resize(number / page_size + 1);
            pages_[number / page_size] = std::make_unique<Page>();
        }
        return (*this)[fd];
    }
    /// One that there is.
    [[nodiscard]] Registration& operator[](int fd) noexcept {
        const auto number = static_cast<std::size_t>(fd);
        return (*pages_[number / page_size])[number % page_size];
    }

private:
    static constexpr std::size_t page_size = 256;
    using Page = std::array<Registration, page_size>;
    std::vector<std::unique_ptr<Page>> pages_;
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
    bool attempt(IoOperation& operation) noexcept override;
    [[nodiscard]] bool wait(TimePoint deadline) override;
    void wake() noexcept override {
        const std::uint64_t one = 1;
        // Fails only when the counter is full, and then the loop is awake anyway.
        static_cast<void>(!::write(waker_.get(), &one, sizeof one));
    }

private:
    void watch(int fd, Registration& registration);
    void unwatch(int fd, Registration& registration) noexcept;
    void set_events(Registration& registration, std::uint32_t events) noexcept;
    void deliver(int fd, std::uint32_t events);
    void deliver_to(List<IoOperation>& operations);
    [[nodiscard]] int wait_for_events(std::span<epoll_event> events, TimePoint deadline) noexcept;
    void lend_name(IoOperation& operation) noexcept {
        peer_ = {};
        peer_.msg_name = peer_name_.data();
        peer_.msg_namelen = peer_name_.size();
        operation.buffer = reinterpret_cast<std::byte*>(&peer_);
    }

    FileDescriptor epoll_;
    FileDescriptor waker_;
    Registrations registrations_;
    int attempts_left_ = attempts_a_wait;
    std::size_t watched_ = 0;         // how many the kernel was told of
    List<IoOperation> always_ready_;  // those that it cannot watch, of any descriptors
    bool has_pwait2_ = true;          // epoll_wait() waits for milliseconds only
    internal::LentBuffer received_;
    msghdr peer_{};
    alignas(sockaddr_storage) std::array<std::byte, sizeof(sockaddr_storage)> peer_name_{};
};

bool is_readable(int fd) noexcept {
    pollfd asked{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&asked, 1, 0) > 0;
}

bool transfers_bytes(IoKind kind) noexcept {
    return kind == IoKind::read || kind == IoKind::read_each || kind == IoKind::write;
}

void EpollBackend::submit(IoOperation& operation) {
    Registration& registration = registrations_.at_or_new(operation.fd);
    const bool sending = internal::waits_to_write(operation.kind);
    auto& operations = sending ? registration.sending : registration.receiving;
    // Two operations that wait for the same are rare, and one that was left behind when its
    // descriptor was closed looks like that: the kernel tells whether it still knows the number.
    const bool in_doubt = (registration.events & (sending ? EPOLLOUT : EPOLLIN)) != 0;
    operations.push_back(operation);
    try {
        if (in_doubt || registration.events != registration.wanted()) {
            watch(operation.fd, registration);
        }
    } catch (const PermissionError&) {
        // What epoll cannot watch: a regular file, /dev/null. It need not wait either.
        operation.unlink();
        if (!transfers_bytes(operation.kind)) throw;
        always_ready_.push_back(operation);
    } catch (...) {
        operation.unlink();
        throw;
    }
}

// Tells the kernel what the operations on `fd` wait for.
void EpollBackend::watch(int fd, Registration& registration) {
    epoll_event event{};
    event.events = registration.wanted();
    event.data.fd = fd;
    const int action = event.events == 0          ? EPOLL_CTL_DEL
                       : registration.events == 0 ? EPOLL_CTL_ADD
                                                  : EPOLL_CTL_MOD;
    int result = epoll_ctl(epoll_.get(), action, fd, &event);
    // The descriptor was closed while it was watched, and the number now is another file.
    if (result != 0 && action == EPOLL_CTL_MOD && errno == ENOENT) {
        result = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    }
    if (result != 0) throw_cannot_watch(fd);
    set_events(registration, event.events);
}

void EpollBackend::set_events(Registration& registration, std::uint32_t events) noexcept {
    watched_ += (events != 0) - (registration.events != 0);
    registration.events = events;
}

// After operations have gone. A descriptor that was closed before them is an error that nobody
// needs to hear of: the kernel has forgotten it already.
void EpollBackend::unwatch(int fd, Registration& registration) noexcept {
    if (registration.events == registration.wanted()) return;
    try {
        watch(fd, registration);
    } catch (const OSError&) {
        set_events(registration, 0);
    }
}

bool EpollBackend::cancel(IoOperation& operation) noexcept {
    operation.unlink();
    unwatch(operation.fd, registrations_[operation.fd]);
    return true;
}

bool EpollBackend::attempt(IoOperation& operation) noexcept {
    if (!internal::borrows_buffer(operation.kind) || attempts_left_ == 0) return false;
    --attempts_left_;
    // Only a socket can be told for a single call not to wait.
    if (operation.kind == IoKind::read_each && !is_readable(operation.fd)) return false;
    received_.lend(operation);
    const std::optional<std::int32_t> result = internal::attempt_when_ready(operation);
    if (!result) return false;
    const bool more = internal::goes_on_after(operation.kind, *result);
    if (!more) cancel(operation);
    operation.complete(*result, more);
    return true;
}

int EpollBackend::wait_for_events(std::span<epoll_event> events, TimePoint deadline) noexcept {
    const int room = static_cast<int>(events.size());
    const bool endless = deadline == TimePoint::max();
    const Nanoseconds left = endless || deadline == TimePoint::min()
                                 ? Nanoseconds::zero()
                                 : std::max(deadline - now(), Nanoseconds::zero());
    if (has_pwait2_) {
        const timespec span{.tv_sec = left.count() / 1'000'000'000,
                            .tv_nsec = left.count() % 1'000'000'000};
        const int count =
            epoll_pwait2(epoll_.get(), events.data(), room, endless ? nullptr : &span, nullptr);
        // Linux before 5.11, valgrind; and sandboxes, some of which say EPERM.
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
        has_pwait2_ = false;
    }
    const auto up =
        std::min(std::chrono::ceil<std::chrono::milliseconds>(left).count(), longest_ms);
    return epoll_wait(epoll_.get(), events.data(), room, endless ? -1 : static_cast<int>(up));
}

bool EpollBackend::wait(TimePoint deadline) {
    attempts_left_ = attempts_a_wait;
    if (!always_ready_.empty()) {
        deliver_to(always_ready_);
        deadline = TimePoint::min();
    }
    if (deadline == TimePoint::min() && watched_ == 0) return true;  // nothing can come

    std::array<epoll_event, 256> events;
    const int count = wait_for_events(events, deadline);
    if (count < 0) {
        if (errno == EINTR) return true;
        throw_os_error(errno, "epoll_wait");
    }
    for (int i = 0; i < count; ++i) {
        if (events[i].data.fd != waker_.get()) deliver(events[i].data.fd, events[i].events);
    }
    return true;
}

void EpollBackend::deliver(int fd, std::uint32_t events) {
    Registration& registration = registrations_[fd];
    // An error or a hang-up makes both directions ready: the call will tell.
    if (events & (EPOLLERR | EPOLLHUP)) events |= EPOLLIN | EPOLLOUT;
    if (events & EPOLLIN) deliver_to(registration.receiving);
    if (events & EPOLLOUT) deliver_to(registration.sending);
    unwatch(fd, registration);
}

void EpollBackend::deliver_to(List<IoOperation>& operations) {
    List<IoOperation> candidates;
    candidates.splice_back(operations);
    while (IoOperation* operation = candidates.pop_front()) {
        if (internal::borrows_buffer(operation->kind)) received_.lend(*operation);
        // So many connections as come together; a listener that never has enough takes turns.
        int rounds = operation->kind == IoKind::accept_each ? accepts_a_wait : 1;
        bool more = true;
        operations.push_back(*operation);
        while (more && rounds-- > 0) {
            if (operation->kind == IoKind::accept_each) lend_name(*operation);
            const std::optional<std::int32_t> result = internal::attempt_when_ready(*operation);
            if (!result) break;
            more = internal::goes_on_after(operation->kind, *result);
            if (!more) operation->unlink();
            operation->complete(*result, more);
        }
    }
}

}  // namespace

std::unique_ptr<Backend> make_epoll_backend() { return std::make_unique<EpollBackend>(); }

}  // namespace weft
