// SPDX-License-Identifier: Apache-2.0
// weft/cpu/spawn_cpu.hpp - spawn_cpu(): one call that computes.
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <variant>

#include <weft/cpu/cpu_pool.hpp>
#include <weft/cpu/cpu_wait.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/executor.hpp>

namespace weft {

/// Calls `function(args...)` on a thread of the pool, and waits for it without blocking the loop.
///
///     const Digest digest = co_await spawn_cpu([&] { return hash(pages); });
///     auto [a, b] = co_await gather(spawn_cpu(solve, left), spawn_cpu(solve, right));
///
/// Awaited in place or in a TaskGroup, it may refer to what the caller owns: neither goes on before
/// the call has ended. (gather() does, when another one fails.)
/// The function sees the context variables that there are when the coroutine begins, in a copy.
/// When its first parameter is a std::stop_token, it gets one that is triggered when the awaiting
/// task is cancelled.
/// Errors:   what the function throws; RuntimeError after the pool's shutdown().
/// Cancel:   lossy, and waits: a call that has not begun is never made; one that runs is asked to
///           stop, and the await ends when it has ended. Its result is dropped, and its error
///           goes to the loop's exception handler. (to_thread() leaves its call behind.)
/// Suspends: always.
/// Limits:   when a loop is closed in the middle, closing blocks until the call has ended.
template <class F, class... Args>
    requires(!std::derived_from<F, Executor>)
[[clang::coro_wrapper]] auto spawn_cpu(F function, Args... args);
/// The same on a pool of the caller's.
/// Lifetime: the pool must outlive the call.
template <class F, class... Args>
[[clang::coro_wrapper]] auto spawn_cpu(ThreadPoolExecutor& pool, F function, Args... args);

// ---- implementation

namespace internal {

template <class T, class... Given>
class Computation final : public CpuWork {
public:
    explicit Computation(std::move_only_function<T(Given...)> call)
        : CpuWork(1), call_(std::move(call)) {}

    void run(const std::stop_token& stop) noexcept override {
        try {
            if constexpr (std::is_void_v<T>) {
                call(stop);
            } else {
                value_.emplace(call(stop));
            }
        } catch (...) {
            error_ = std::current_exception();
        }
    }
    T take() {
        rethrow_error();
        if constexpr (!std::is_void_v<T>) return std::move(*value_);
    }

private:
    T call(const std::stop_token& stop) {
        if constexpr (sizeof...(Given) == 0) {
            return context_.run(call_);
        } else {
            return context_.run(call_, stop);
        }
    }

    Context context_ = copy_context();
    std::move_only_function<T(Given...)> call_;
    std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>> value_;
};

template <class T, class... Given>
Coro<T> compute(ThreadPoolExecutor& pool, std::move_only_function<T(Given...)> call) {
    co_await transparent;
    Computation<T, Given...> work(std::move(call));
    co_await CpuWaitFor{pool, work, spawn_cpu_kind};
    co_return work.take();
}

}  // namespace internal

template <class F, class... Args>
    requires(!std::derived_from<F, Executor>)
auto spawn_cpu(F function, Args... args) {
    return internal::compute(default_cpu_pool(),
                             internal::thread_call(std::move(function), std::move(args)...));
}

template <class F, class... Args>
auto spawn_cpu(ThreadPoolExecutor& pool, F function, Args... args) {
    return internal::compute(pool, internal::thread_call(std::move(function), std::move(args)...));
}

}  // namespace weft
