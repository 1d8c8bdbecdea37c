// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/watched_fd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <weft/runtime/backend.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/handle.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

constinit const ReadyKind WatchedFd::ready_kind = {
    .run = [](ReadyNode& node) { static_cast<WatchedFd&>(node).call(); },
    .drop =
        [](ReadyNode& node) noexcept {
            auto& watched = static_cast<WatchedFd&>(node);
            watched.queued_ = false;
            if (watched.stopped_) watched.delete_if_unused();
        },
    .describe =
        [](const ReadyNode& node) {
            const auto& watched = static_cast<const WatchedFd&>(node);
            return "<Handle of descriptor " + std::to_string(watched.fd) + ">";
        }};

void WatchedFd::complete(std::int32_t, bool more) noexcept {
    submitted_ = more;
    if (stopped_) return delete_if_unused();
    if (!std::exchange(queued_, true)) loop_.ready().push(*this);
}

void WatchedFd::call() {
    queued_ = false;
    if (stopped_) return delete_if_unused();
    running_ = true;
    {
        const ContextScope scope(context_);
        try {
            function_();  // may stop the watch
        } catch (...) {
            report_callback_error(loop_, "<Handle of descriptor " + std::to_string(fd) + ">");
        }
    }
    running_ = false;
    if (stopped_) delete_if_unused();
}

void WatchedFd::delete_if_unused() noexcept {
    if (!submitted_ && !queued_ && !running_) delete this;
}

void WatchedFd::stop(std::unique_ptr<WatchedFd> watched, Backend& backend) {
    watched->stopped_ = true;
    if (watched->submitted_ && backend.cancel(*watched)) watched->submitted_ = false;
    if (watched->submitted_ || watched->queued_ || watched->running_) {
        static_cast<void>(watched.release());  // it deletes itself
    }
}

}  // namespace weft::internal
