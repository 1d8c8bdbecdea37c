// SPDX-License-Identifier: Apache-2.0
// weft/runtime/queue_line.hpp - who waits at a queue: the part of Queue that knows no items.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <weft/base/list.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/loop_bound.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft::internal {

class QueueLine;

// Waits until there is an item (a getter) or room for one (a putter).
class QueueWait : public Waiter {
public:
    CancelAck cancel() noexcept override {
        unlink();  // nothing was given to it
        return CancelAck::now;
    }
    bool may_resume() noexcept override;

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }

protected:
    enum class Kind : bool { getter, putter };
    QueueWait(QueueLine& queue, Kind kind) noexcept : kind_(kind), queue_(queue) {}
    ~QueueWait() {
        if (linked()) [[unlikely]]
            leave();
    }
    [[nodiscard]] QueueLine& queue() const noexcept { return queue_; }
    [[nodiscard]] bool has_waited() const noexcept { return outcome != Outcome::pending; }
    /// Errors: CancelledError.
    void finish_wait();

private:
    static const OpKind kind_of_get;
    static const OpKind kind_of_put;
    void start(PromiseBase& frame);
    [[nodiscard]] bool can_go_on() const noexcept;
    void stand_in_line() noexcept;
    void leave() noexcept;

    [[nodiscard]] List<QueueWait>& line() const noexcept;

    Kind kind_;
    QueueLine& queue_;
    std::uint64_t ticket_;  // set when it begins to wait
};

inline constexpr OpKind queue_join{"Queue.join"};

class JoinWait final : public EventWait {
public:
    using EventWait::EventWait;
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise(), queue_join);
    }
    void await_resume() const { raise_if_cancelled(); }
};

/// What all queues have in common.
class QueueLine {
public:
    QueueLine(const QueueLine&) = delete;
    QueueLine& operator=(const QueueLine&) = delete;

    /// The items in it.
    [[nodiscard]] std::size_t qsize() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Never true when there is no limit.
    [[nodiscard]] bool full() const noexcept { return size_ >= size_max_; }
    /// What it was made with.
    [[nodiscard]] std::ptrdiff_t maxsize() const noexcept { return maxsize_; }

    /// Says that the work on an item that was got is done.
    /// Errors: ValueError when called more often than there were items.
    void task_done() {
        if (unfinished_ == 0) [[unlikely]]
            throw_too_many_done();
        if (--unfinished_ == 0) finished_.set();
    }
    /// Waits until all items were got and their work is done.
    ///
    /// Errors:   RuntimeError   it would have to wait, and a task of another loop has waited here.
    /// Cancel:   safe.
    /// Suspends: maybe; never while no work is left.
    /// Cost:     no allocation.
    [[nodiscard]] WaitAt<JoinWait, Event> join() noexcept {
        return WaitAt<JoinWait, Event>(finished_);
    }

protected:
    explicit QueueLine(std::ptrdiff_t maxsize) noexcept
        : size_max_(maxsize > 0 ? static_cast<std::size_t>(maxsize)
                                : std::numeric_limits<std::size_t>::max()),
          maxsize_(maxsize) {
        finished_.set();
    }
    ~QueueLine() = default;

    // There is an item, or no further one will come; there is room, or a refusal.
    [[nodiscard]] bool can_get() const noexcept { return size_ > 0 || is_shut_down_; }
    [[nodiscard]] bool can_put() const noexcept { return size_ < size_max_ || is_shut_down_; }
    // Nobody is to be refused or woken.
    [[nodiscard]] bool may_put_freely() const noexcept {
        return size_ < size_max_ && getters_.empty() && !is_shut_down_;
    }
    [[nodiscard]] bool may_get_freely() const noexcept { return size_ > 0 && putters_.empty(); }
    void check_can_put() const;
    void check_can_get() const;
    void was_put() noexcept {
        ++size_;
        ++unfinished_;
        finished_.clear();
    }
    void was_got() noexcept { --size_; }
    void wake_getter() noexcept { wake_next(getters_); }
    void wake_putter() noexcept { wake_next(putters_); }
    void check_can_shut_down() const {
        if (!getters_.empty() || !putters_.empty()) loop_.check_thread();
    }
    void was_dropped() noexcept {
        --size_;
        if (unfinished_ > 0 && --unfinished_ == 0) finished_.set();
    }
    /// Refuses puts from now on, gets once it is empty, and wakes all who wait.
    void shut_down() noexcept;
    [[nodiscard]] bool is_shut_down() const noexcept { return is_shut_down_; }

private:
    friend class QueueWait;
    void wake_next(List<QueueWait>& line) noexcept;
    [[noreturn]] static void throw_too_many_done();

    std::size_t size_ = 0;
    std::size_t size_max_;
    std::size_t unfinished_ = 0;
    // In the order of their coming, whose tickets tell it: who was woken and overtaken gets the
    // old place back.
    List<QueueWait> getters_;
    List<QueueWait> putters_;
    List<QueueWait> woken_;  // of both kinds, until their tasks run
    std::uint64_t last_ticket_ = 0;
    std::ptrdiff_t maxsize_;
    LoopBound loop_;
    Event finished_;
    bool is_shut_down_ = false;
};

}  // namespace weft::internal
