// SPDX-License-Identifier: Apache-2.0
// weft/runtime/sleep.hpp - sleep(): wait for a time, or just let others run.
#pragma once

#include <type_traits>
#include <utility>

#include <weft/base/time.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/timer_set.hpp>

namespace weft {
namespace internal {

class SleepWait : public Op, private Timer {
public:
    explicit SleepWait(Nanoseconds delay) noexcept : Timer(due, TimePoint(delay)) {}
    ~SleepWait() { stop(); }

    CancelAck cancel() noexcept override {
        stop();
        return CancelAck::now;
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }
    void await_resume() const { raise_if_cancelled(); }

private:
    static const ReadyKind due;
    static const OpKind kind_of_wait;
    void start(PromiseBase& frame);
    void stop() noexcept;
    // What the deadline holds until the start.
    [[nodiscard]] Nanoseconds delay() const noexcept { return deadline().time_since_epoch(); }
};

template <class T>
class SleepValueWait final : public SleepWait {
public:
    SleepValueWait(Nanoseconds delay, T value) : SleepWait(delay), value_(std::move(value)) {}
    T await_resume() {
        raise_if_cancelled();
        return std::move(value_);
    }

private:
    T value_;
};

class [[nodiscard]] Sleep {
public:
    explicit Sleep(Nanoseconds delay) noexcept : delay_(delay) {}
    [[nodiscard]] SleepWait make_awaiter() const noexcept { return SleepWait(delay_); }

private:
    Nanoseconds delay_;
};

template <class T>
class [[nodiscard]] SleepValue {
public:
    SleepValue(Nanoseconds delay, T value) : delay_(delay), value_(std::move(value)) {}
    [[nodiscard]] SleepValueWait<T> make_awaiter() && {
        return SleepValueWait<T>(delay_, std::move(value_));
    }

private:
    Nanoseconds delay_;
    T value_;
};

}  // namespace internal

/// Waits for so long; with zero or less, for one turn of the loop.
///
/// Errors:   ValueError for a NaN.
/// Cancel:   safe; its timer is removed.
/// Suspends: always.
/// Cost:     no allocation; O(1) whatever the number of timers.
/// Spec:     asyncio.sleep. The loop's clock is that of a virtual one in tests.
[[nodiscard]] inline internal::Sleep sleep(Delay delay) { return internal::Sleep(delay.get()); }
/// A number is no duration: write sleep(1s). This keeps `sleep(1)` from being the C function of
/// that name, which stops the whole loop.
template <class N>
    requires std::is_arithmetic_v<N>
void sleep(N) = delete;
/// The same, and gives `value`.
template <class T>
[[nodiscard]] internal::SleepValue<T> sleep(Delay delay, T value) {
    return internal::SleepValue<T>(delay.get(), std::move(value));
}

}  // namespace weft
