// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/transport_wait.hpp - a task that waits for a change of a transport's state.
#pragma once

#include <coroutine>
#include <cstddef>

#include <weft/runtime/event.hpp>
#include <weft/runtime/op.hpp>

namespace weft::internal {

/// Waits for an event of what has that descriptor.
class DescriptorEventWait : public EventWait {
public:
    DescriptorEventWait(Event& event, int descriptor) noexcept
        : EventWait(event), descriptor_(descriptor) {}
    void await_resume() const { raise_if_cancelled(); }

    [[nodiscard]] static constexpr OpKind kind_of(const char* name) noexcept {
        return {name, OpDetail::descriptor, offsetof(DescriptorEventWait, descriptor_)};
    }

private:
    int descriptor_;  // for tools
};

template <const OpKind& what>
class TransportWait final : public DescriptorEventWait {
public:
    using DescriptorEventWait::DescriptorEventWait;
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise(), what);
    }
};

/// What to `co_await`; tools show it as `what`.
template <const OpKind& what>
struct TransportEvent {
    Event& event;
    int descriptor;
    [[nodiscard]] TransportWait<what> make_awaiter() const noexcept { return {event, descriptor}; }
};

}  // namespace weft::internal
