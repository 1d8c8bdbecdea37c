// SPDX-License-Identifier: Apache-2.0
// weft/runtime/event.hpp - Event: a flag that tasks wait for.
#pragma once

#include <coroutine>

#include <weft/base/list.hpp>
#include <weft/runtime/loop_bound.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

class Event;

namespace internal {

class EventWait : public Waiter {
public:
    explicit EventWait(Event& event) noexcept : event_(event) {}

    [[nodiscard]] bool await_ready() const noexcept;
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise(), kind_of_wait);
    }
    bool await_resume() const {
        raise_if_cancelled();
        return true;
    }

protected:
    void start(PromiseBase& frame, const OpKind& kind);

private:
    static const OpKind kind_of_wait;

    Event& event_;
};

}  // namespace internal

/// A flag, not set at first. Any number of tasks wait until it is set.
///
/// Thread:   the loop's; it belongs to the first loop in which a task waits for it. From another
///           thread: `loop.call_soon_threadsafe([&] { event.set(); })`.
/// Lifetime: must outlive those who wait for it.
/// Spec:     asyncio.Event.
class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    /// Waits until it is set.
    ///
    /// Returns:  true, also when it was cleared again before the task ran.
    /// Errors:   RuntimeError   it would have to wait, and the event belongs to another loop.
    /// Cancel:   safe.
    /// Suspends: maybe; never while it is set.
    /// Cost:     no allocation.
    [[nodiscard]] internal::WaitAt<internal::EventWait, Event> wait() noexcept {
        return internal::WaitAt<internal::EventWait, Event>(*this);
    }

    /// Wakes all who wait. Once it is set, a second call does nothing.
    /// Errors: RuntimeError in debug mode, from another thread than that of tasks that wait.
    void set() {
        if (!waiters_.empty()) [[unlikely]]
            loop_.check_thread();
        set_ = true;
        if (!waiters_.empty()) [[unlikely]]
            wake_all();
    }
    void clear() noexcept { set_ = false; }
    [[nodiscard]] bool is_set() const noexcept { return set_; }

private:
    friend class internal::EventWait;
    void wake_all() noexcept;

    List<internal::Waiter> waiters_;
    internal::LoopBound loop_;
    bool set_ = false;
};

inline bool internal::EventWait::await_ready() const noexcept { return event_.set_; }

}  // namespace weft
