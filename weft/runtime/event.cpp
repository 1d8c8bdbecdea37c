// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/event.hpp>

#include <cstddef>

#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {

void Event::wake_all() noexcept {
    while (internal::Waiter* waiter = waiters_.pop_front()) {
        if (!waiter->done()) waiter->give();
    }
}

namespace internal {

constinit const OpKind EventWait::kind_of_wait{"Event.wait", OpDetail::object,
                                               offsetof(EventWait, event_)};

void EventWait::start(PromiseBase& frame, const OpKind& kind) {
    event_.loop_.bind(frame.task->loop(), "Event");
    event_.waiters_.push_back(*this);
    suspend(frame, kind);
}

}  // namespace internal
}  // namespace weft
