// SPDX-License-Identifier: Apache-2.0
// weft/runtime/gather.hpp - gather() and gather_or_cancel(): several at once, results in order.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <expected>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/runtime/ensure_future.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/task.hpp>

namespace weft {
namespace internal {

template <class Range>
using range_gathered_t = gathered_t<std::ranges::range_value_t<Range>>;

enum class GatherMode : unsigned char {
    first_error,        // gather(): done with the first error, the others go on
    return_exceptions,  // errors are results
    cancel_others,  // gather_or_cancel(): the first error cancels the others; done with the last
};

// The future that gather() gives. Pending children keep it alive through their link to it, and
// are not kept by it: whoever owns them may go, and then nothing is left. It owns those that ended.
class GatherBase : public JoinBase {
public:
    GatherBase(EventLoop& loop, ResultBase& result, GatherMode mode, std::size_t count);

    bool cancel(const std::string* message) override;

    void set_child(std::size_t index, Ref<FutureBase> child) noexcept {
        children_[index].future = std::move(child);
    }
    /// Begins to wait for the children, all of which are set.
    void begin();

protected:
    ~GatherBase() override;

    struct Child final : DoneLink, ReadyNode {
        Child() noexcept : ReadyNode(ready_kind) {}
        void fire(FutureBase& ended) noexcept override;
        void drop() noexcept override;
        static const ReadyKind ready_kind;

        GatherBase* gather = nullptr;
        Ref<FutureBase> future;         // before begin(), and once it is done
        FutureBase* pending = nullptr;  // valid while this is in its list
    };
    template <class T>
    element_t<T> element(std::size_t index) {
        return element_from<T>(*children_[index].future);
    }
    template <class T>
    std::expected<element_t<T>, std::exception_ptr> outcome(std::size_t index) {
        if (std::exception_ptr error = error_of(*children_[index].future)) {
            return std::unexpected(std::move(error));
        }
        return element<T>(index);
    }

private:
    /// Puts the results together; all children have one.
    virtual void collect() = 0;
    void on_child_done(Child& child);
    void finish(FutureBase& last);
    bool cancel_children(const std::string* message);
    [[nodiscard]] static std::exception_ptr error_of(FutureBase& future);

    std::unique_ptr<Child[]> children_;
    std::size_t count_;
    std::size_t ended_ = 0;
    std::size_t finished_ = 0;  // of these, those whose outcome was looked at
    FailurePtr first_failure_;  // with cancel_others
    GatherMode mode_;
    bool cancel_requested_ = false;
};

template <class... T>
class GatherTuple final : public GatherBase {
public:
    using Value = std::tuple<element_t<T>...>;
    GatherTuple(EventLoop& loop, GatherMode mode) : GatherBase(loop, value_, mode, sizeof...(T)) {}

private:
    void collect() override {
        [this]<std::size_t... I>(std::index_sequence<I...>) {
            value_.emplace(element<T>(I)...);
        }(std::index_sequence_for<T...>());
    }
    Result<Value> value_;
};

template <class... T>
class GatherOutcomes final : public GatherBase {
public:
    using Value = std::tuple<std::expected<element_t<T>, std::exception_ptr>...>;
    explicit GatherOutcomes(EventLoop& loop)
        : GatherBase(loop, value_, GatherMode::return_exceptions, sizeof...(T)) {}

private:
    void collect() override {
        [this]<std::size_t... I>(std::index_sequence<I...>) {
            value_.emplace(outcome<T>(I)...);
        }(std::index_sequence_for<T...>());
    }
    Result<Value> value_;
};

template <class T, bool Outcomes>
class GatherVector final : public GatherBase {
public:
    using Element =
        std::conditional_t<Outcomes, std::expected<element_t<T>, std::exception_ptr>, element_t<T>>;
    using Value = std::vector<Element>;
    GatherVector(EventLoop& loop, GatherMode mode, std::size_t count)
        : GatherBase(loop, value_, mode, count), count_(count) {}

private:
    void collect() override {
        Value all;
        all.reserve(count_);
        for (std::size_t i = 0; i < count_; ++i) {
            if constexpr (Outcomes) {
                all.push_back(this->template outcome<T>(i));
            } else {
                all.push_back(this->template element<T>(i));
            }
        }
        value_.emplace(std::move(all));
    }
    Result<Value> value_;
    std::size_t count_;
};

template <class A>
concept Gatherable = requires(A&& a) { ensure_future(std::forward<A>(a)); };

template <class A>
void set_child(GatherBase& gather, std::size_t index, A&& awaitable) {
    static_assert((gives_result<A> && !std::is_reference_v<gathered_t<A>>) ||
                      std::is_void_v<gathered_t<A>> || can_copy<element_t<gathered_t<A>>>,
                  "gather() copies the result of a future that others may read too, and this type "
                  "cannot be copied: pass the coroutine itself, or std::move(task)");
    gather.set_child(index, ensure_future(std::forward<A>(awaitable)).state());
}

template <class State, class... A>
Future<typename State::Value> begin_gather(State* made, A&&... awaitables) {
    const Ref<State> gather(made);
    std::size_t index = 0;
    (set_child(*gather, index++, std::forward<A>(awaitables)), ...);
    gather->begin();
    return Future<typename State::Value>(gather);
}

template <class State, class Range>
Future<typename State::Value> begin_gather_range(State* made, Range&& range) {
    const Ref<State> gather(made);
    std::size_t index = 0;
    for_each_future(std::forward<Range>(range), [&](auto&& awaitable) {
        set_child(*gather, index++, std::forward<decltype(awaitable)>(awaitable));
    });
    gather->begin();
    return Future<typename State::Value>(gather);
}

template <class Range>
Coro<std::vector<element_t<range_gathered_t<Range>>>> gather_range_or_cancel(Range range) {
    co_await transparent;
    using State = GatherVector<range_gathered_t<Range>, false>;
    auto all = begin_gather_range(
        new State(get_running_loop(), GatherMode::cancel_others, std::ranges::size(range)),
        std::move(range));
    co_return co_await std::move(all);
}

}  // namespace internal

/// First argument of gather(): the errors of children become results.
struct ReturnExceptions {};
inline constexpr ReturnExceptions return_exceptions{};

/// Runs coroutines side by side as tasks, and futures as they are; gives all results in the order
/// of the arguments: `auto [a, b] = co_await gather(f(), g());` A void result is a monostate.
///
/// Errors:   the first error of a child, at once; the other children go on, and what they fail with
///           later is told to the exception handler, unless somebody asks that task for it. A child
///           that was cancelled counts as the error CancelledError. gather_or_cancel() does not
///           leave children running.
///           ValueError when a future belongs to another loop; RuntimeError without a running loop.
/// Cancel:   cancels every child that is not done.
/// Suspends: gather() never, it gives a future. co_await of that: maybe; never when all that was
///           given was done already.
/// Cost:     a task for each coroutine and one allocation for all.
/// Spec:     asyncio.gather; it differs in reporting later errors, which asyncio drops.
template <internal::Gatherable... A>
auto gather(A&&... awaitables) {
    using State = internal::GatherTuple<internal::gathered_t<A>...>;
    return internal::begin_gather(new State(get_running_loop(), internal::GatherMode::first_error),
                                  std::forward<A>(awaitables)...);
}

/// The same, and an error of a child is a result: an expected holds the value or the exception,
/// a CancelledError for a cancelled child.
/// Errors: CancelledError when the gather itself was cancelled, after all children have ended.
template <internal::Gatherable... A>
auto gather(ReturnExceptions, A&&... awaitables) {
    using State = internal::GatherOutcomes<internal::gathered_t<A>...>;
    return internal::begin_gather(new State(get_running_loop()), std::forward<A>(awaitables)...);
}

/// gather() of a range, such as a std::vector<Coro<T>>: a vector of results.
template <std::ranges::sized_range Range>
auto gather(Range&& range) {
    using State = internal::GatherVector<internal::range_gathered_t<Range>, false>;
    return internal::begin_gather_range(
        new State(get_running_loop(), internal::GatherMode::first_error, std::ranges::size(range)),
        std::forward<Range>(range));
}
template <std::ranges::sized_range Range>
auto gather(ReturnExceptions, Range&& range) {
    using State = internal::GatherVector<internal::range_gathered_t<Range>, true>;
    return internal::begin_gather_range(
        new State(get_running_loop(), internal::GatherMode::return_exceptions,
                  std::ranges::size(range)),
        std::forward<Range>(range));
}

/// gather() that leaves nothing running: the first error cancels the others, and is thrown when
/// all of them have ended.
///
/// Errors:   the first error of a child; later ones are told to the exception handler.
/// Cancel:   cancels every child, and waits for them.
/// Suspends: maybe; never when all that was given was done already.
template <internal::Gatherable... A>
Coro<std::tuple<internal::element_t<internal::gathered_t<A>>...>> gather_or_cancel(
    A... awaitables) {
    co_await transparent;
    using State = internal::GatherTuple<internal::gathered_t<A>...>;
    auto all =
        internal::begin_gather(new State(get_running_loop(), internal::GatherMode::cancel_others),
                               std::move(awaitables)...);
    co_return co_await std::move(all);
}
template <std::ranges::sized_range Range>
[[clang::coro_wrapper, clang::coro_disable_lifetimebound]] Coro<
    std::vector<internal::element_t<internal::range_gathered_t<Range>>>>
gather_or_cancel(Range&& range) {
    static_assert(internal::gives_elements<Range> ||
                      internal::is_given<std::ranges::range_reference_t<Range>>,
                  "coroutines are awaited once: write gather_or_cancel(std::move(coros))");
    return internal::gather_range_or_cancel<std::remove_cvref_t<Range>>(std::forward<Range>(range));
}

}  // namespace weft
