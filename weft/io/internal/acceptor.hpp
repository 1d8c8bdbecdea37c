// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/acceptor.hpp - the connections that come to a listening socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <weft/runtime/backend.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

/// Who is told of connections.
class ConnectionTaker {
public:
    /// A new descriptor, which is the taker's now; or a negative errno that would come again, such
    /// as -EMFILE: the acceptor is paused. Called by the loop.
    virtual void accepted(std::int32_t result) = 0;

protected:
    ~ConnectionTaker() = default;
};

/// Accepts what comes to a socket, until it is destroyed: what comes to it later is closed.
class Acceptor {
public:
    /// The taker must outlive this, as the descriptor must.
    Acceptor(EventLoop& loop, int fd, ConnectionTaker& taker);

    /// Errors: OSError when the loop cannot watch the descriptor; RuntimeError in a fork's child.
    void start() { operation_->start(); }
    /// What has come already is still told.
    void pause() noexcept { operation_->pause(); }

private:
    // Lives on until neither the backend nor the ready queue has it.
    class Operation final : public IoOperation, private ReadyNode {
    public:
        Operation(EventLoop& loop, int the_fd, ConnectionTaker& taker) noexcept;
        void start();
        void pause() noexcept;
        void stop() noexcept;
        void complete(std::int32_t result, bool more) noexcept override;

    private:
        ~Operation();
        static const ReadyKind ready_kind;
        [[nodiscard]] std::string describe() const;
        void tell() noexcept;
        void tell(std::int32_t result) noexcept;
        void go_on() noexcept;
        void delete_if_unused() noexcept;

        EventLoop& loop_;
        ConnectionTaker* taker_;             // null once it is stopped
        std::vector<std::int32_t> results_;  // to be told
        bool out_of_memory_ = false;         // for one of them
        bool wanted_ = false;                // not paused
        bool submitted_ = false;             // the backend has it
        bool queued_ = false;                // in the ready queue
        bool telling_ = false;               // the taker is on the stack
    };
    struct Stop {
        void operator()(Operation* operation) const noexcept { operation->stop(); }
    };
    std::unique_ptr<Operation, Stop> operation_;
};

}  // namespace weft::internal
