// SPDX-License-Identifier: Apache-2.0
// weft/runtime/post.hpp - a call that another thread hands to a loop, through its inbox.
//
// The inbox is named and not the loop, which may be closed and gone by then.
#pragma once

#include <source_location>
#include <utility>

#include <weft/runtime/handle.hpp>
#include <weft/runtime/inbox.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

template <class F, class Base = Callback>
class PostedCallback final : public Base, public Inbox::Message {
public:
    template <class... BaseArgs>
    explicit PostedCallback(F function, BaseArgs&&... base)
        : Base(std::forward<BaseArgs>(base)...), function_(std::move(function)) {}
    ReadyNode& arrive() noexcept override { return *this; }
    void drop() noexcept override { this->release(); }

private:
    void invoke() override { static_cast<void>(function_()); }
    F function_;
};

/// Takes the callback over, which nobody else has yet.
/// Returns: false, and the callback is gone, when the loop is closed.
/// Thread:  any.
template <class F, class Base>
[[nodiscard]] bool push(Inbox& inbox, PostedCallback<F, Base>& callback) {
    callback.retain();  // for the queue
    if (inbox.push(callback)) return true;
    callback.release();
    return false;
}

/// Has the loop call `function`, in a copy of the present context.
/// Returns: false when the loop is closed, and will not.
/// Thread:  any.
template <class F>
[[nodiscard]] bool post(Inbox& inbox, F function,
                        std::source_location where = std::source_location::current()) {
    return push(inbox, *new PostedCallback<F>(std::move(function), where));
}

}  // namespace weft::internal
