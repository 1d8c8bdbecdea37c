// SPDX-License-Identifier: Apache-2.0
#include <weft/io/uring_backend.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/base/os_error.hpp>
#include <weft/base/time.hpp>
#include <weft/io/internal/attempt.hpp>
#include <weft/io/internal/file_descriptor.hpp>
#include <weft/io/internal/lent_buffer.hpp>
#include <weft/io/internal/unreleased_sends.hpp>
#include <weft/io/internal/uring.hpp>
#include <weft/runtime/backend.hpp>

namespace weft {
namespace {

using internal::FileDescriptor;
using internal::ProvidedBuffers;
using internal::UnreleasedSends;
using internal::Uring;

// IoOperation::backend_state
constexpr std::uint8_t in_kernel = 1;  // a completion is to come
constexpr std::uint8_t cancelled = 2;  // by us
constexpr std::uint8_t unasked = 4;    // the kernel does not know of that yet

constexpr int calls_a_wait = 12;
constexpr int calls_in_vain_max = 10'000;

// What the kernel's completions are for, where it is no operation.
constexpr std::uint64_t for_nobody = 0;
constexpr std::uint64_t for_the_waker = 1;

std::uint64_t name_of(const IoOperation& operation) noexcept {
    return reinterpret_cast<std::uintptr_t>(&operation);
}

bool has(const IoOperation& operation, std::uint8_t state) noexcept {
    return (operation.backend_state & state) != 0;
}

bool is_of_files(IoKind kind) noexcept {
    return kind == IoKind::file_read || kind == IoKind::file_write || kind == IoKind::file_sync;
}

bool is_zero_copy(const IoOperation& operation) noexcept {
    return operation.kind == IoKind::send_zero_copy;
}

bool is_watch(IoKind kind) noexcept { return kind == IoKind::readable || kind == IoKind::writable; }

bool holds_the_address(IoKind kind) noexcept {
    return is_watch(kind) || kind == IoKind::accept_each;
}

// Whoever watches a descriptor, which may be any, is to hear at once that it cannot be watched: the
// kernel would say only later that there is none, and never that a regular file is always ready.
void check_watchable(int fd) {
    struct stat status{};
    int error = ::fstat(fd, &status) == 0 ? 0 : errno;
    if (error == 0 && S_ISREG(status.st_mode)) error = EPERM;
    if (error != 0) throw_os_error(error, "cannot watch descriptor " + std::to_string(fd));
}

// A number that no other thread gets, not even when this one is gone, unlike the system's.
std::uint64_t this_thread() noexcept {
    static constinit std::atomic<std::uint64_t> last = 0;
    thread_local const std::uint64_t own = last.fetch_add(1, std::memory_order_relaxed) + 1;
    return own;
}

// A thread that was joined is known to the system for some microseconds more.
bool is_gone(int thread) {
    using namespace std::chrono_literals;
    for (int looks = 0; looks < 1000; ++looks) {
        if (::syscall(SYS_tgkill, ::getpid(), thread, 0) != 0 && errno == ESRCH) return true;
        std::this_thread::sleep_for(1ms);
    }
    return false;
}

// Receiving from a stream of TCP, and sending, is the kernel's, as is a file's reading and writing.
// For anything else it says when the descriptor is ready, and the call is made here: its result
// cannot come after a cancellation. From a Unix socket the kernel can receive all and never tell
// that it was the end, where as much as it receives at once, and the end, were there before it was
// asked; and up to 6.19 also where both come at the same moment
// (github.com/axboe/liburing/issues/1549).
class UringBackend final : public Backend {
public:
    explicit UringBackend(std::optional<UringTier> tier)
        : ring_(std::make_unique<Ring>(tier)),
          tier_(ring_->tier),
          does_zero_copy_(ring_->uring.does_zero_copy()) {}
    ~UringBackend() override {
        cancel_all();
        close_ring();
    }

    [[nodiscard]] std::string_view name() const noexcept override {
        return tier_ == UringTier::full ? "io_uring" : "io_uring_basic";
    }
    [[nodiscard]] bool does_files() const noexcept override { return true; }
    [[nodiscard]] bool does_zero_copy() const noexcept override { return does_zero_copy_; }
    [[nodiscard]] TimePoint now() const noexcept override {
        return TimePoint(std::chrono::steady_clock::now().time_since_epoch());
    }

    void submit(IoOperation& operation) override;
    bool cancel(IoOperation& operation) noexcept override;
    void cancel_all() noexcept override;
    [[nodiscard]] bool wait(TimePoint deadline) override;
    void wake() noexcept override {
        const std::uint64_t one = 1;
        // Fails only when the counter is full, and then the loop is awake anyway.
        static_cast<void>(!::write(waker_.get(), &one, sizeof one));
    }

private:
    struct Ring {
        explicit Ring(std::optional<UringTier> wanted)
            : tier(internal::tier_of(uring, wanted)), buffers(uring, tier) {}

        Uring uring;
        UringTier tier;
        ProvidedBuffers buffers;
        std::uint64_t thread = 0;  // to which it belongs, by this_thread(); 0: to none yet
        int thread_id = 0;         // the system's name of that
        int process = ::getpid();  // the child of a fork shares the ring with its parent
        bool watches_waker = false;

        [[nodiscard]] bool is_of_parent() const noexcept { return process != ::getpid(); }
        [[nodiscard]] bool is_this_threads() const noexcept { return thread == this_thread(); }
    };

    void belong_to_this_thread();
    void close_ring() noexcept;
    void cancel_in_kernel() noexcept;
    bool drop_completions(List<IoOperation>& ended) noexcept;
    void start_all() noexcept;
    [[nodiscard]] bool start(IoOperation& operation) noexcept;
    [[nodiscard]] bool keeps_unreleased() noexcept;
    [[nodiscard]] bool ask_to_cancel(IoOperation& operation) noexcept;
    void watch_waker() noexcept;
    void enter(TimePoint deadline);
    void bring_all() noexcept;
    void deliver_all() noexcept;
    void deliver(IoOperation& operation, std::int32_t result, std::uint32_t flags) noexcept;
    void deliver_ready(IoOperation& operation, std::int32_t result) noexcept;
    void deliver_each(IoOperation& operation, std::int32_t result, std::uint32_t flags) noexcept;
    void deliver_zero_copy(IoOperation& operation, std::int32_t result,
                           std::uint32_t flags) noexcept;
    void end(IoOperation& operation, std::int32_t result) noexcept;
    void go_on(IoOperation& operation) noexcept;

    FileDescriptor waker_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"};
    std::unique_ptr<Ring> ring_;
    UringTier tier_;
    bool does_zero_copy_;
    List<IoOperation> to_start_;   // with the next wait()
    List<IoOperation> in_flight_;  // in the kernel
    // Null before the first of a ring. Nobody waits for them: the peer may take them late, or never.
    std::unique_ptr<UnreleasedSends> unreleased_;
    bool cancels_unasked_ = false;
    internal::LentBuffer read_;
};

void UringBackend::submit(IoOperation& operation) {
    if (is_watch(operation.kind)) check_watchable(operation.fd);
    operation.backend_state = 0;
    to_start_.push_back(operation);
}

bool UringBackend::cancel(IoOperation& operation) noexcept {
    if (!has(operation, in_kernel)) {
        operation.unlink();
        return true;
    }
    if (has(operation, cancelled)) return false;
    operation.backend_state |= cancelled;
    // Another thread, or the child of a fork, leaves the ring as it is.
    if (!ring_->is_this_threads() || ring_->is_of_parent() || !ask_to_cancel(operation)) {
        operation.backend_state |= unasked;
        cancels_unasked_ = true;
    } else if (holds_the_address(operation.kind)) {
        // Whoever watches a descriptor may close it next, and listen at the same address again:
        // the kernel is not to hold the file until the loop waits.
        static_cast<void>(io_uring_submit_and_get_events(&ring_->uring.get()));
        bring_all();
    }
    return false;  // the kernel has it until its completion
}

bool UringBackend::ask_to_cancel(IoOperation& operation) noexcept {
    io_uring_sqe* entry = ring_->uring.next_entry();
    if (!entry) return false;
    io_uring_prep_cancel64(entry, name_of(operation), 0);
    io_uring_sqe_set_data64(entry, for_nobody);
    return true;
}

// The kernel may still write into buffers: all operations are ended first. What they have come to
// does not matter any more.
void UringBackend::cancel_all() noexcept {
    while (to_start_.pop_front()) {
    }
    if (in_flight_.empty()) return;
    if (ring_->is_of_parent()) {  // whose operations these are copies of
        while (in_flight_.pop_front()) {
        }
        return;
    }
    if (ring_->is_this_threads()) {
        cancel_in_kernel();
    } else {
        // What a thread that has ended had under way comes to nothing: the kernel does it in the
        // name of the thread. With the ring goes its hold on the files.
        check(is_gone(ring_->thread_id),
              "a loop on io_uring is closed while the thread that ran it goes on");
        List<IoOperation> ended;
        drop_completions(ended);
        in_flight_.splice_back(ended);
        ring_.reset();
    }
    while (IoOperation* const operation = in_flight_.pop_front()) {
        const bool is_read = unreleased_ && is_zero_copy(*operation) && has(*operation, in_kernel);
        if (is_read) unreleased_->push_back(*operation);
        operation->complete(-ECANCELED, is_read);
    }
    if (!ring_) close_ring();
}

// What the kernel may still read stays; but in the child of a fork, where it is a copy.
void UringBackend::close_ring() noexcept {
    const bool is_of_parent = ring_ && ring_->is_of_parent();
    if (unreleased_ && ring_ && ring_->is_this_threads() && !is_of_parent) {
        static_cast<void>(io_uring_get_events(&ring_->uring.get()));
        deliver_all();
    }
    ring_.reset();
    if (!unreleased_) return;
    is_of_parent ? unreleased_.reset() : UnreleasedSends::keep(std::move(unreleased_));
}

void UringBackend::cancel_in_kernel() noexcept {
    Uring& uring = ring_->uring;
    List<IoOperation> ended;
    int calls_left = calls_in_vain_max;
    while (!in_flight_.empty() && calls_left > 0) {
        if (io_uring_sqe* entry = uring.next_entry()) {
            io_uring_prep_cancel64(entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
            io_uring_sqe_set_data64(entry, for_nobody);
        }
        const int result = io_uring_submit_and_wait(&uring.get(), 1);
        check(result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY ||
                  result == -EBADR,
              "io_uring lets operations go");
        const bool some_ended = drop_completions(ended);
        if (some_ended) {
            calls_left = calls_in_vain_max;
        } else if (result < 0) {
            --calls_left;
        } else if (uring.has_lost()) {
            calls_left = 0;  // of an operation whose completion was dropped nobody will hear
        }
    }
    if (!in_flight_.empty()) {
        uring.close_and_wait();
        ring_.reset();
    }
    in_flight_.splice_back(ended);
}

// Moves those operations that are over; whether there are any. From another thread, what overflowed
// stays in the kernel: with a connection that is among it, its descriptor.
bool UringBackend::drop_completions(List<IoOperation>& ended) noexcept {
    bool some_ended = false;
    io_uring& ring = ring_->uring.get();
    io_uring_cqe* cqe = nullptr;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
        if (cqe->user_data > for_the_waker) {
            auto& operation = *reinterpret_cast<IoOperation*>(cqe->user_data);
            if (operation.kind == IoKind::accept_each && cqe->res >= 0) ::close(cqe->res);
            const bool goes_on = (cqe->flags & IORING_CQE_F_MORE) != 0;
            if (!goes_on) operation.backend_state &= static_cast<std::uint8_t>(~in_kernel);
            if (!goes_on || is_zero_copy(operation)) {  // which is no more than read
                operation.unlink();
                ended.push_back(operation);
                some_ended = true;
            }
        }
        io_uring_cqe_seen(&ring, cqe);
    }
    return some_ended;
}

void UringBackend::belong_to_this_thread() {
    if (ring_->is_this_threads()) return;
    if (ring_->thread != 0) {
        if (!in_flight_.empty()) {
            throw RuntimeError(
                "a loop on io_uring cannot go on in another thread while I/O is under way; with "
                "WEFT_BACKEND=epoll it can");
        }
        auto fresh = std::make_unique<Ring>(tier_);
        close_ring();
        ring_ = std::move(fresh);
    }
    ring_->uring.enable();
    ring_->thread = this_thread();
    ring_->thread_id = ::gettid();
}

void UringBackend::watch_waker() noexcept {
    if (ring_->watches_waker) return;
    io_uring_sqe* entry = ring_->uring.next_entry();
    if (!entry) return;  // with the next wait()
    io_uring_prep_poll_multishot(entry, waker_.get(), POLLIN);
    io_uring_sqe_set_data64(entry, for_the_waker);
    ring_->watches_waker = true;
}

void UringBackend::start_all() noexcept {
    watch_waker();
    List<IoOperation> starting;
    starting.splice_back(to_start_);
    while (IoOperation* operation = starting.pop_front()) {
        if (!start(*operation)) {
            to_start_.push_back(*operation);
            to_start_.splice_back(starting);
        }
    }
    if (!cancels_unasked_) return;
    cancels_unasked_ = false;
    for (IoOperation& operation : in_flight_) {
        if (!has(operation, unasked)) continue;
        if (ask_to_cancel(operation)) {
            operation.backend_state &= static_cast<std::uint8_t>(~unasked);
        } else {
            cancels_unasked_ = true;
        }
    }
}

// False when the kernel takes no more at the moment.
bool UringBackend::start(IoOperation& operation) noexcept {
    io_uring_sqe* entry = ring_->uring.next_entry();
    if (!entry) return false;
    const auto length = static_cast<unsigned>(std::min<std::size_t>(operation.length, 1U << 30));
    const auto offset = static_cast<std::uint64_t>(operation.offset);
    if (operation.kind == IoKind::receive_each) {
        io_uring_prep_recv_multishot(entry, operation.fd, nullptr, 0, 0);
        entry->flags |= IOSQE_BUFFER_SELECT;
        entry->buf_group = ProvidedBuffers::group;
        if (tier_ == UringTier::full) entry->ioprio |= Uring::bundle;
    } else if (operation.kind == IoKind::accept_each) {
        io_uring_prep_multishot_accept(entry, operation.fd, nullptr, nullptr,
                                       SOCK_NONBLOCK | SOCK_CLOEXEC);
    } else if (is_zero_copy(operation) && keeps_unreleased()) {
        io_uring_prep_send_zc(entry, operation.fd, operation.buffer, length, MSG_NOSIGNAL,
                              Uring::report_usage);
    } else if (operation.kind == IoKind::send || is_zero_copy(operation)) {
        io_uring_prep_send(entry, operation.fd, operation.buffer, length, MSG_NOSIGNAL);
    } else if (operation.kind == IoKind::file_sync) {
        io_uring_prep_fsync(entry, operation.fd, 0);
    } else if (operation.kind == IoKind::file_read) {
        io_uring_prep_read(entry, operation.fd, operation.buffer, length, offset);
    } else if (operation.kind == IoKind::file_write) {
        io_uring_prep_write(entry, operation.fd, operation.buffer, length, offset);
    } else {
        io_uring_prep_poll_add(entry, operation.fd,
                               internal::waits_to_write(operation.kind) ? POLLOUT : POLLIN);
    }
    io_uring_sqe_set_data64(entry, name_of(operation));
    operation.backend_state |= in_kernel;
    in_flight_.push_back(operation);
    return true;
}

// Whether there is a place for what the kernel still reads; there is none where descriptors run out.
bool UringBackend::keeps_unreleased() noexcept {
    if (unreleased_) return true;
    UnreleasedSends::release_some();
    const auto& released = ring_->uring.released();
    if (released) unreleased_.reset(new (std::nothrow) UnreleasedSends(released));
    return unreleased_ != nullptr;
}

bool UringBackend::wait(TimePoint deadline) {
    belong_to_this_thread();
    start_all();
    // What the kernel could not take yet is not to wait for anything else.
    if (!to_start_.empty() || cancels_unasked_ || !ring_->watches_waker) {
        deadline = TimePoint::min();
    }
    enter(deadline);
    deliver_all();
    // Whose it was nobody knows: somebody waits for ever, or a server has become deaf.
    if (ring_->uring.has_lost()) {
        throw_os_error(EBADR,
                       "io_uring has dropped a completion for want of memory, and the loop cannot "
                       "go on");
    }
    return true;
}

void UringBackend::enter(TimePoint deadline) {
    Uring& uring = ring_->uring;
    int result = 0;
    if (deadline == TimePoint::min()) {
        if (!uring.has_work()) return;
        result = io_uring_submit_and_get_events(&uring.get());
    } else {
        const bool endless = deadline == TimePoint::max();
        const Nanoseconds left =
            endless ? Nanoseconds::zero() : std::max(deadline - now(), Nanoseconds::zero());
        __kernel_timespec span{.tv_sec = left.count() / 1'000'000'000,
                               .tv_nsec = left.count() % 1'000'000'000};
        io_uring_cqe* first = nullptr;
        result = io_uring_submit_and_wait_timeout(&uring.get(), &first, 1,
                                                  endless ? nullptr : &span, nullptr);
    }
    bring_all();
    switch (-result) {
        case ETIME:
        case EINTR:
        case EAGAIN:  // no memory for a request at the moment; it is still in the queue
        case EBUSY:   // completions are to be taken first
        case EBADR:   // one was dropped, which wait() tells
            return;
        default:
            if (result < 0) throw_os_error(-result, "io_uring_enter");
    }
}

// A call brings some twenty completions, where there may be hundreds.
void UringBackend::bring_all() noexcept {
    Uring& uring = ring_->uring;
    for (int more = 0; more < calls_a_wait && uring.has_more(); ++more) {
        static_cast<void>(io_uring_get_events(&uring.get()));
    }
}

void UringBackend::deliver_all() noexcept {
    io_uring& ring = ring_->uring.get();
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring, head, cqe) {
        ++count;
        if (cqe->user_data == for_the_waker) {
            ring_->watches_waker = (cqe->flags & IORING_CQE_F_MORE) != 0;
        } else if (cqe->user_data != for_nobody) {
            deliver(*reinterpret_cast<IoOperation*>(cqe->user_data), cqe->res, cqe->flags);
        }
    }
    io_uring_cq_advance(&ring, count);
}

void UringBackend::deliver(IoOperation& operation, std::int32_t result,
                           std::uint32_t flags) noexcept {
    if ((flags & IORING_CQE_F_MORE) == 0)
        operation.backend_state &= static_cast<std::uint8_t>(~in_kernel);
    if (operation.kind == IoKind::receive_each || operation.kind == IoKind::accept_each) {
        return deliver_each(operation, result, flags);
    }
    if (is_zero_copy(operation) && (flags & (IORING_CQE_F_MORE | IORING_CQE_F_NOTIF)) != 0) {
        return deliver_zero_copy(operation, result, flags);
    }
    const bool is_the_kernels =
        operation.kind == IoKind::send || is_zero_copy(operation) || is_of_files(operation.kind);
    if (!is_the_kernels) return deliver_ready(operation, result);
    if (result != -EAGAIN && result != -EINTR) return end(operation, result);
    // It has done nothing yet.
    has(operation, cancelled) ? end(operation, -ECANCELED) : go_on(operation);
}

// First the count comes; then, when the peer has acknowledged all, that nobody reads the bytes.
void UringBackend::deliver_zero_copy(IoOperation& operation, std::int32_t result,
                                     std::uint32_t flags) noexcept {
    if ((flags & IORING_CQE_F_NOTIF) != 0) {
        const bool was_copied = (static_cast<std::uint32_t>(result) & Uring::was_copied) != 0;
        return end(operation, was_copied ? 1 : 0);
    }
    operation.unlink();
    unreleased_->push_back(operation);
    operation.complete(result, true);
}

// Told, and in nobody's hands any more.
void UringBackend::end(IoOperation& operation, std::int32_t result) noexcept {
    operation.unlink();
    operation.complete(result, false);
}

void UringBackend::go_on(IoOperation& operation) noexcept {
    operation.unlink();
    to_start_.push_back(operation);
}

void UringBackend::deliver_ready(IoOperation& operation, std::int32_t result) noexcept {
    if (has(operation, cancelled)) return end(operation, -ECANCELED);
    if (result < 0) return end(operation, result);
    if (internal::borrows_buffer(operation.kind)) read_.lend(operation);
    const std::optional<std::int32_t> done = internal::attempt_when_ready(operation);
    if (done && !internal::goes_on_after(operation.kind, *done)) return end(operation, *done);
    go_on(operation);
    if (done) operation.complete(*done, true);
}

void UringBackend::deliver_each(IoOperation& operation, std::int32_t result,
                                std::uint32_t flags) noexcept {
    const bool goes_on = has(operation, in_kernel);
    const bool has_buffer = (flags & IORING_CQE_F_BUFFER) != 0;
    const auto buffer = static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
    if (internal::goes_on_after(operation.kind, result)) {
        if (operation.kind == IoKind::receive_each) {
            operation.buffer = ring_->buffers.received(buffer);
            operation.length = static_cast<std::size_t>(result);
        }
        // The kernel ends it when it likes to; only we and the peer end it for good.
        if (!goes_on && !has(operation, cancelled)) {
            go_on(operation);
            operation.complete(result, true);
        } else if (goes_on) {
            operation.complete(result, true);
        } else {
            end(operation, result);
        }
    } else if (!goes_on) {
        const bool without_buffers = result == -ENOBUFS && operation.kind == IoKind::receive_each;
        const bool is_to_go_on = without_buffers || result == -EAGAIN || result == -EINTR;
        if (!is_to_go_on) {
            end(operation, result);
        } else if (has(operation, cancelled)) {
            end(operation, -ECANCELED);
        } else {
            go_on(operation);
        }
    }
    if (has_buffer) {
        ring_->buffers.give_back(buffer, static_cast<std::size_t>(std::max(result, 0)));
    }
}

}  // namespace

bool says_there_is_no_uring(const OSError& error) noexcept {
    switch (error.code()) {
        case ENOSYS:
        case EPERM:
        case EINVAL:
        case EOPNOTSUPP:
            return true;
        default:
            return false;
    }
}

std::unique_ptr<Backend> make_uring_backend(std::optional<UringTier> tier) {
    return std::make_unique<UringBackend>(tier);
}

}  // namespace weft
