// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/wait.hpp>

#include <vector>

#include <weft/base/at_end.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/handle.hpp>

namespace weft::internal {
namespace {

void release_waiter(const Future<>& waiter) {
    if (!waiter.done()) waiter.set_result();
}

}  // namespace

Coro<void> wait_for_futures(std::vector<AnyFuture> futures, WaitOptions options) {
    co_await transparent;
    if (futures.empty()) throw ValueError("Set of Tasks/Futures is empty.");
    EventLoop& loop = get_running_loop();
    auto* const state = new JoinState<void>(loop, "wait");
    const Future<> waiter{Ref<FutureBase>(state)};
    static_assert(sizeof(AnyFuture) == sizeof(FutureBase*), "a handle is nothing but the pointer");
    state->set_members(futures.data(), futures.size(), sizeof(AnyFuture), true);
    TimerHandle timeout;
    if (options.timeout) timeout = loop.call_later(*options.timeout, release_waiter, waiter);

    // May run when this frame is gone: it was queued before the wait ended.
    DoneCallback on_completion([left = futures.size(), waiter,
                                options](const AnyFuture& future) mutable {
        if (--left == 0 || options.return_when == first_completed ||
            (options.return_when == first_exception && !future.cancelled() && future.exception())) {
            release_waiter(waiter);
        }
    });
    // Undone however the wait ends.
    const AtEnd undo([&] {
        timeout.cancel();
        state->forget_members();
        if (!waiter.done()) waiter.cancel();
        for (const AnyFuture& future : futures) future.remove_done_callback(on_completion);
    });

    for (const AnyFuture& future : futures) future.add_done_callback(on_completion);
    co_await waiter;
}

}  // namespace weft::internal
