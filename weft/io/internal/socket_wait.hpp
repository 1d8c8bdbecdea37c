// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/socket_wait.hpp - one operation on a socket, tried at once and else waited for.
//
//   await_ready() ──EAGAIN──▶ at the backend ──complete()──▶ the task is woken with a result
//        │                        │  │cancel(): now ───────▶ woken as cancelled
//        ▼ result                 │  │cancel(): later ─────▶ complete() says which came first
//                                 │
//                                 └─socket_closed()────────▶ woken with -EBADF
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include <weft/io/internal/socket_state.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>

namespace weft::internal {

/// What a task does with a socket: `co_await` gives what complete() was told, a count or a negative
/// errno.
///
/// Lifetime: the socket's state and the buffer must outlive the await; who awaits has the turn of
///           the direction.
struct SocketIo {
    SocketState& socket;
    SocketState::Direction& direction;
    const OpKind& name;
    IoKind kind;
    const void* buffer = nullptr;
    std::size_t length = 0;
    /// False: it is known that it would have to wait.
    bool try_at_once = true;

    [[nodiscard]] inline SocketWait make_awaiter() const;
};

class SocketWait final : public Op, public IoOperation {
public:
    explicit SocketWait(const SocketIo& io) noexcept;
    ~SocketWait();

    CancelAck cancel() noexcept override;
    /// A readiness tells nothing that is not asked for again.
    [[nodiscard]] bool result_wins() const noexcept override {
        const IoKind what = IoOperation::kind;
        return what != IoKind::readable_once && what != IoKind::writable_once;
    }
    void complete(std::int32_t result, bool more) noexcept override;
    /// Its socket is being closed, or given away.
    void socket_closed() noexcept;

    [[nodiscard]] bool await_ready() noexcept;
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }
    std::int32_t await_resume();

private:
    void start(PromiseBase& frame);
    void leave() noexcept;

    SocketState& socket_;
    SocketState::Direction& direction_;
    const OpKind& name_;
    std::int32_t result_ = -1;
    bool try_at_once_;
    bool submitted_ = false;  // the backend has it
    bool socket_closed_ = false;
};

inline SocketWait SocketIo::make_awaiter() const { return SocketWait(*this); }

}  // namespace weft::internal
