// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/transport_wait.hpp - a task that waits for a change of a transport's state.
#pragma once

#include <coroutine>

#include <weft/runtime/event.hpp>
#include <weft/runtime/op.hpp>

namespace weft::internal {

/// Waits for one of a transport's events; tools show it as `what`.
template <const OpKind& what>
class TransportWait final : public EventWait {
public:
    using EventWait::EventWait;
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise(), what);
    }
    void await_resume() const { raise_if_cancelled(); }
};

}  // namespace weft::internal
