// SPDX-License-Identifier: Apache-2.0
// weft/runtime/exit_stack.hpp - AsyncExitStack: a number of `async with` that is known at run time.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/scope_body.hpp>
#include <weft/runtime/this_task.hpp>
#include <weft/runtime/with_async.hpp>

namespace weft {

/// Collects cleanups and runs them in reverse order.
///
///     AsyncExitStack stack;
///     co_await with_async(stack, [&]() -> Coro<void> {
///         for (auto& name : names) {
///             connections.push_back(co_await stack.enter_async_context(connect(name)));
///         }
///         …
///     });
///
/// Errors:   what a cleanup throws replaces what is on its way, as in nested scopes.
/// Cancel:   a cleanup that is cancelled ends; the others are run all the same.
/// Suspends: maybe; where the body or a cleanup does.
/// Spec:     contextlib.AsyncExitStack.
class AsyncExitStack {
public:
    /// A cleanup that is told how the body was left, and says whether the error ends there.
    using Exit = CoroFunction<Coro<bool>(const ExitReason&)>;

    AsyncExitStack() = default;
    AsyncExitStack(AsyncExitStack&&) noexcept = default;
    /// `kept = stack.pop_all()`.
    /// Errors: RuntimeError when cleanups are left here, which would never be run; both stacks stay
    ///         as they are.
    AsyncExitStack& operator=(AsyncExitStack&& other);
    /// Reports cleanups that were never run: it cannot wait for them.
    ~AsyncExitStack();

    /// Enters `resource`, which the stack keeps, and will leave it.
    /// Returns:  what aenter() gives.
    /// Errors:   what aenter() throws; the resource is destroyed then, and not left.
    /// Cancel:   reaches aenter(), and then is as an error of it.
    /// Suspends: maybe; where aenter() does.
    template <AsyncContextManager R>
    Coro<internal::entered_t<R>> enter_async_context(R resource) {
        co_await transparent;
        auto kept = std::make_shared<R>(std::move(resource));
        if constexpr (std::is_void_v<internal::entered_t<R>>) {
            co_await kept->aenter();
            push_kept(std::move(kept));
        } else {
            auto entered = co_await kept->aenter();
            push_kept(std::move(kept));
            co_return entered;
        }
    }
    /// Runs `exit(reason)` at the end.
    void push_async_exit(Exit exit) { exits_.push_back(std::move(exit)); }
    /// Runs `callback()`, a coroutine function, at the end.
    void push_async_callback(CoroFunction<Coro<void>()> callback);
    /// Calls `function()` at the end.
    void callback(std::move_only_function<void()> function);

    /// Moves all cleanups to another stack, so that nothing is run here.
    [[nodiscard]] AsyncExitStack pop_all() noexcept { return std::move(*this); }
    /// Runs all cleanups now.
    /// Errors:   see AsyncExitStack.
    /// Cancel:   see AsyncExitStack; the stack is empty afterwards.
    /// Suspends: maybe; where a cleanup does.
    [[nodiscard]] Coro<void> aclose();

    // Implementation of the scope.
    [[nodiscard]] Coro<void> run(internal::BodyRef<void, AsyncExitStack> body);

private:
    /// Runs the cleanups; `body` is what goes on afterwards.
    [[nodiscard]] Coro<void> unwind(internal::ResultBase& body);
    template <class R>
    void push_kept(std::shared_ptr<R> kept) {
        exits_.push_back(Exit([kept = std::move(kept)] [[clang::coro_wrapper]] (
                                  const ExitReason& reason) { return kept->aexit(reason); }));
    }

    std::vector<Exit> exits_;
};

/// Runs `body`, which gives no value, with the stack, and the stack's cleanups after it.
/// Errors:   what the body throws, unless a cleanup says that it ends there, or throws another.
/// Cancel:   reaches the body, then see AsyncExitStack.
/// Suspends: maybe; where the body or a cleanup does.
template <internal::BodyOf<AsyncExitStack> F>
Coro<void> with_async(AsyncExitStack& stack, F body) {
    co_await transparent;
    co_await stack.run(internal::ref_to_void_body<AsyncExitStack>(body));
}

}  // namespace weft
