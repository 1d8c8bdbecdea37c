// SPDX-License-Identifier: Apache-2.0
#include <weft/io/internal/socket_wait.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <unistd.h>

#include <weft/io/internal/attempt.hpp>
#include <weft/io/internal/socket_state.hpp>
#include <weft/io/internal/turn_budget.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {
SocketWait::SocketWait(const SocketIo& io) noexcept
    : IoOperation(io.kind, io.socket.fd()),
      socket_(io.socket),
      direction_(io.direction),
      name_(io.name),
      try_at_once_(io.try_at_once) {
    // What is sent is not written to.
    buffer = static_cast<std::byte*>(const_cast<void*>(io.buffer));
    length = io.length;
}

SocketWait::~SocketWait() {
    leave();
    // Accepted, but the task will not hear of it: the loop was closed.
    if (IoOperation::kind == IoKind::accept && result_ >= 0) ::close(result_);
}

void SocketWait::leave() noexcept {
    if (direction_.wait != this) return;
    direction_.wait = nullptr;
    socket_.wait_is_over();
}

bool SocketWait::await_ready() noexcept {
    if (!try_at_once_) return false;
    const std::optional<std::int32_t> result = attempt(*this);
    if (result) result_ = *result;
    return result.has_value();
}

void SocketWait::start(PromiseBase& frame) {
    frame.task->loop().system().submit(*this);
    submitted_ = true;
    direction_.wait = this;
    suspend(frame, name_);
}

CancelAck SocketWait::cancel() noexcept {
    if (task()->loop().system().cancel(*this)) {
        submitted_ = false;
        leave();
        return CancelAck::now;
    }
    // It may have been completed meanwhile.
    return outcome == Outcome::value ? CancelAck::refused : CancelAck::later;
}

void SocketWait::complete(std::int32_t result, bool) noexcept {
    submitted_ = false;
    leave();
    if (result != -ECANCELED) {
        result_ = result;
        task()->wake(Outcome::value);
    } else if (socket_closed_) {
        result_ = -EBADF;
        task()->wake(Outcome::value);
    } else {
        task()->wake(Outcome::cancelled);
    }
}

void SocketWait::socket_closed() noexcept {
    if (!submitted_ || socket_closed_) return;
    EventLoop& loop = task()->loop();
    if (loop.is_closed() || loop.is_of_parent()) return leave();
    socket_closed_ = true;
    if (loop.system().cancel(*this)) complete(-ECANCELED, false);
}

std::int32_t SocketWait::await_resume() {
    if (outcome != Outcome::pending) turn_was_taken();
    raise_if_cancelled();
    return std::exchange(result_, -1);
}

}  // namespace weft::internal
