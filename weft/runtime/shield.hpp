// SPDX-License-Identifier: Apache-2.0
// weft/runtime/shield.hpp - shield(): wait for something without the power to cancel it.
#pragma once

#include <type_traits>
#include <utility>

#include <weft/runtime/ensure_future.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {
namespace internal {

/// Passes the end of `inner` to `outer`, unless that is cancelled before.
void shield_into(const Ref<FutureBase>& inner, const Ref<FutureBase>& outer,
                 void (*pass_value)(FutureBase& from, FutureBase& to));

}  // namespace internal

/// A future that ends as `awaitable` does, and whose cancelling leaves that running.
///
/// To shield a stretch of code from cancellation, shielded() of cancel_scope.hpp needs no task.
/// Errors:   those of what is shielded. When the waiting side was cancelled, an error that comes
///           later is told to the exception handler, unless somebody asks the inner task for it.
///           RuntimeError without a running loop, where a task is to be made.
/// Cancel:   the await ends, the inner task goes on; run() still cancels it when it ends.
/// Suspends: shield() never, it gives a future. co_await of that: maybe; never when what was given
///           was done already.
/// Spec:     asyncio.shield. The result is copied where it can be, so that a task that was given
///           keeps its own.
template <class A>
[[nodiscard]] auto shield(A&& awaitable) {
    using T = internal::gathered_t<A>;
    Future<T> inner = ensure_future(std::forward<A>(awaitable));
    if (inner.done()) return inner;
    auto* const state = new internal::JoinState<T>(inner.get_loop(), "shield");
    const Future<T> outer{Ref<internal::FutureBase>(state)};
    state->set_only_member(*inner.state());
    internal::shield_into(inner.state(), outer.state(),
                          [](internal::FutureBase& from, internal::FutureBase& to) {
                              if constexpr (std::is_void_v<T>) {
                                  to.result_as<T>().emplace();
                              } else if constexpr (std::is_reference_v<T>) {
                                  to.result_as<T>().emplace(from.result_as<T>().value());
                              } else {
                                  to.result_as<T>().emplace(internal::element_from<T>(from));
                              }
                          });
    return outer;
}

}  // namespace weft
