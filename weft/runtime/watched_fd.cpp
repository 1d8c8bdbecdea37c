// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/watched_fd.hpp>

#include <utility>

namespace weft::internal {

constinit const ReadyKind WatchedFd::ready_kind = {
    .run = [](ReadyNode& node) { static_cast<WatchedFd&>(node).call(); },
    .drop =
        [](ReadyNode& node) noexcept {
            auto& watched = static_cast<WatchedFd&>(node);
            watched.queued_ = false;
            if (watched.stopped_ && !watched.submitted_) delete &watched;
        },
    .describe = [](const ReadyNode& node) {
        const auto& watched = static_cast<const WatchedFd&>(node);
        return "<Handle of descriptor " + std::to_string(watched.fd) + ">";
    }};

void WatchedFd::complete(std::int32_t, bool more) noexcept {
    submitted_ = more;
    if (stopped_) {
        if (!submitted_ && !queued_) delete this;
        return;
    }
    if (!std::exchange(queued_, true)) loop_.ready().push(*this);
}

void WatchedFd::call() {
    queued_ = false;
    if (stopped_) {
        if (!submitted_) delete this;
        return;
    }
    const std::function<void()> function = function_;  // it may remove itself
    const ContextScope scope(context_);
    try {
        function();
    } catch (...) {
        report_callback_error(loop_, "<Handle of descriptor " + std::to_string(fd) + ">");
    }
}

void WatchedFd::stop(std::unique_ptr<WatchedFd> watched, Backend& backend) {
    watched->stopped_ = true;
    if (watched->submitted_ && backend.cancel(*watched)) watched->submitted_ = false;
    if (watched->submitted_ || watched->queued_) watched.release();  // it deletes itself
}

}  // namespace weft::internal
