// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/acceptor.hpp - the connections that come to a listening socket.
//
//   backend ──complete()──▶ what has come ──the loop's turn──▶ ConnectionTaker
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <weft/io/internal/channel.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/socket_address.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

/// Who is told of connections. What these throw is reported to the loop's exception handler.
class ConnectionTaker {
public:
    virtual void accepted(Channel connection, const SocketAddress& peer) = 0;
    /// accept(2) failed in a way that would come again, such as EMFILE: pause all acceptors for a
    /// while. One that is not paused tries again at once.
    virtual void cannot_accept(int error) = 0;

protected:
    ~ConnectionTaker() = default;
};

/// Accepts what comes to a socket, until it is destroyed: what comes to it later is closed.
class Acceptor {
public:
    /// The taker must outlive this, as the socket's descriptor must.
    Acceptor(EventLoop& loop, const Socket& listener, ConnectionTaker& taker);

    /// Errors: OSError when the loop cannot watch the descriptor; RuntimeError in a fork's child.
    void start() { operation_->start(); }
    /// What has come already is still told.
    void pause() noexcept { operation_->pause(); }
    /// The same as start(), soon; where that fails, the taker is told.
    void resume() noexcept { operation_->resume(); }
    /// Tells at once what has come.
    void tell_all() noexcept { operation_->tell_all(); }

private:
    // Lives on until neither the backend nor the ready queue has it.
    class Operation final : public IoOperation, private ReadyNode {
    public:
        Operation(EventLoop& loop, const Socket& listener, ConnectionTaker& taker);
        void start();
        void pause() noexcept;
        void resume() noexcept;
        void tell_all() noexcept;
        void stop() noexcept;
        void complete(std::int32_t result, bool more) noexcept override;

    private:
        struct Accepted {
            Channel connection;
            SocketAddress peer;
        };
        // Keeps it, while its functions call others.
        class InUse;

        ~Operation() = default;
        static const ReadyKind ready_kind;
        [[nodiscard]] std::string describe() const;
        void keep(Channel connection) noexcept;
        void run() noexcept;
        void tell_one() noexcept;
        void tell_error() noexcept;
        void go_on() noexcept;
        void queue() noexcept;
        void delete_if_unused() noexcept;

        EventLoop& loop_;
        ConnectionTaker* taker_;          // null once it is stopped
        Channel::Kind brings_;            // what comes
        std::vector<Accepted> accepted_;  // what has come
        std::size_t told_ = 0;            // of these
        int error_ = 0;                   // to be told behind them
        bool wanted_ = false;             // not paused
        bool submitted_ = false;          // the backend has it
        bool queued_ = false;             // in the ready queue
        int in_use_ = 0;
    };
    struct Stop {
        void operator()(Operation* operation) const noexcept { operation->stop(); }
    };
    std::unique_ptr<Operation, Stop> operation_;
};

}  // namespace weft::internal
