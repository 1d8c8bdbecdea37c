// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/sleep.hpp>

#include <cstddef>
#include <string>

#include <weft/base/list.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/timer_set.hpp>

namespace weft::internal {

constinit const OpKind SleepWait::kind_of_wait{"sleep", OpDetail::deadline,
                                               offsetof(SleepWait, deadline_)};

// A timer that is due runs as a callback of one turn and wakes its task in the next, as in
// asyncio: so a sleeper and a call_later() of the same deadline keep their order.
constinit const ReadyKind SleepWait::due = {
    .run =
        [](ReadyNode& node) {
            auto& sleep = static_cast<SleepWait&>(static_cast<Timer&>(node));
            // Cancelled between its turn and this: the task is in the queue already.
            if (sleep.outcome == Outcome::pending) sleep.wake();
        },
    .drop = [](ReadyNode&) noexcept {},
    .describe = [](const ReadyNode&) { return std::string("<Handle sleep>"); }};

void SleepWait::start(PromiseBase& frame) {
    if (delay() <= Nanoseconds::zero()) {
        suspend(frame, kind_of_wait);
        if (outcome == Outcome::pending) wake();
        return;
    }
    EventLoop& loop = frame.task->loop();
    loop.add_timer(*this, Delay(delay()).after(loop.time()));
    suspend(frame, kind_of_wait);
}

void SleepWait::stop() noexcept {
    if (ListNode::linked()) task()->loop().timers().remove(*this);
}

}  // namespace weft::internal
