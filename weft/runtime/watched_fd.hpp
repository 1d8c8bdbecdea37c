// SPDX-License-Identifier: Apache-2.0
// weft/runtime/watched_fd.hpp - a descriptor with a callback: add_reader() and add_writer().
#pragma once

#include <functional>
#include <memory>

#include <weft/runtime/backend.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

class WatchedFd final : public IoOperation, private ReadyNode {
public:
    WatchedFd(EventLoop& loop, IoKind the_kind, int the_fd, std::function<void()> function)
        : IoOperation(the_kind, the_fd),
          ReadyNode(ready_kind),
          loop_(loop),
          function_(std::move(function)),
          context_(current_context()) {}

    /// Ends the watch; the object lives on until neither the backend nor the ready queue has it,
    /// and its function does not run.
    static void stop(std::unique_ptr<WatchedFd> watched, Backend& backend);

    void complete(std::int32_t result, bool more) noexcept override;

private:
    static const ReadyKind ready_kind;
    void call();
    void delete_if_unused() noexcept;

    EventLoop& loop_;
    std::function<void()> function_;
    ContextSlot context_;
    bool queued_ = false;    // in the ready queue
    bool running_ = false;   // its function is on the stack
    bool stopped_ = false;   // nobody wants it any more
    bool submitted_ = true;  // the backend has it
};

}  // namespace weft::internal
