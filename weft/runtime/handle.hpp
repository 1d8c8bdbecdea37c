// SPDX-License-Identifier: Apache-2.0
// weft/runtime/handle.hpp - callbacks of the loop, and the handles that cancel them.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include <weft/base/ref.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/frame_allocator.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/timer_set.hpp>

namespace weft {
class EventLoop;
namespace internal {

/// A parameter that remembers where the call was written; for functions whose parameters end in a
/// pack, which leaves no room for a default argument.
template <class T>
struct Located {
    template <class U>
        requires std::convertible_to<U, T>
    Located(U&& from, std::source_location where = std::source_location::current())
        : value(std::forward<U>(from)), at(where) {}
    T value;
    std::source_location at;
};

/// One call that a loop is to make. Runs in a copy of the context that it was made in, unless it
/// was given one.
class Callback : public ReadyNode, public FrameAllocated {
public:
    explicit Callback(std::source_location where) noexcept
        : ReadyNode(ready_kind), made_at(where), context_(current_context()) {}

    void retain() noexcept { ++owners_; }
    void release() noexcept {
        if (--owners_ == 0) delete this;
    }

    virtual void cancel() noexcept;
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
    /// "<Handle f() at FILE:LINE>", for messages.
    [[nodiscard]] std::string describe() const;

    /// Runs it, unless cancelled, and reports what it throws to the running loop's handler.
    void run_once() noexcept;
    /// The context that it runs in.
    [[nodiscard]] virtual ContextSlot& context() noexcept { return context_; }

    const std::source_location made_at;

protected:
    virtual ~Callback() = default;
    /// context() is overridden.
    void has_given_context() noexcept { has_given_context_ = true; }

private:
    static const ReadyKind ready_kind;
    virtual void invoke() = 0;
    void call_in(ContextSlot& context) noexcept;

    ContextSlot context_;
    std::uint32_t owners_ = 0;
    bool cancelled_ : 1 = false;
    bool has_given_context_ : 1 = false;
};

[[noreturn]] void throw_no_timer();

/// In a catch block: tells the loop's exception handler; an error that ends the loop ends it.
void report_callback_error(EventLoop& loop, std::string handle) noexcept;

/// A callback with a deadline.
class TimerCallback : public Callback {
public:
    TimerCallback(EventLoop& loop, std::source_location where) noexcept
        : Callback(where), timer_(*this), loop_(loop) {}

    void schedule(TimePoint when) noexcept;
    void cancel() noexcept final;
    [[nodiscard]] TimePoint when() const noexcept { return timer_.deadline(); }

private:
    friend struct StallReader;
    struct Due : Timer {
        explicit Due(TimerCallback& callback) noexcept : Timer(kind), owner(&callback) {}
        static const ReadyKind kind;
        TimerCallback* const owner;
    };
    Due timer_;
    EventLoop& loop_;
};

/// A callback that runs in a context which others use, too.
template <class Base>
class InContext : public Base {
public:
    template <class... BaseArgs>
    explicit InContext(const Context& context, BaseArgs&&... base)
        : Base(std::forward<BaseArgs>(base)...), context_(context.state()) {
        this->has_given_context();
    }
    [[nodiscard]] ContextSlot& context() noexcept final { return *context_; }

private:
    const std::shared_ptr<ContextSlot> context_;
};

template <class F, class Base>
class CallbackOf final : public Base {
public:
    template <class... BaseArgs>
    explicit CallbackOf(F function, BaseArgs&&... base)
        : Base(std::forward<BaseArgs>(base)...), function_(std::move(function)) {}

private:
    void invoke() override { static_cast<void>(function_()); }
    F function_;
};

/// A callable without parameters that keeps copies of the arguments.
template <class F, class... Args>
auto bind_call(F&& function, Args&&... args) {
    if constexpr (sizeof...(Args) == 0) {
        return std::decay_t<F>(std::forward<F>(function));
    } else {
        return [function = std::decay_t<F>(std::forward<F>(function)),
                ... args = std::decay_t<Args>(std::forward<Args>(args))]() mutable {
            return std::invoke(function, std::move(args)...);
        };
    }
}

}  // namespace internal

/// The keyword arguments of `call_soon`, `add_done_callback` and their kin.
struct CallOptions {
    /// The call runs in it, and what it sets stays there; null: in a copy of the current one.
    const Context* context = nullptr;
};

/// A call that the loop is to make; what `call_soon` gives.
/// Thread: the loop's.
class Handle {
public:
    Handle() = default;
    explicit Handle(Ref<internal::Callback> callback) noexcept : callback_(std::move(callback)) {}

    /// The call will not be made. Does nothing when it was made, or cancelled before.
    void cancel() noexcept {
        if (callback_) callback_->cancel();
    }
    [[nodiscard]] bool cancelled() const noexcept { return callback_ && callback_->cancelled(); }
    /// The context that it runs in; refers to this call. Not for a default-made handle.
    [[nodiscard]] ContextView get_context() const { return ContextView(callback_->context()); }

private:
    Ref<internal::Callback> callback_;
};

/// A call at a given time; what `call_later` and `call_at` give.
class TimerHandle : public Handle {
public:
    TimerHandle() = default;
    explicit TimerHandle(Ref<internal::TimerCallback> callback) noexcept
        : Handle(callback), timer_(callback.get()) {}

    /// The loop time of the call.
    /// Errors: RuntimeError for a handle of no call.
    [[nodiscard]] TimePoint when() const {
        if (!timer_) [[unlikely]]
            internal::throw_no_timer();
        return timer_->when();
    }

private:
    internal::TimerCallback* timer_ = nullptr;  // kept by the base
};

}  // namespace weft
