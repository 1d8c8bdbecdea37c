// SPDX-License-Identifier: Apache-2.0
// weft/runtime/inbox.hpp - calls that other threads hand to a loop.
//
// Producers push to a lock-free queue (an exchange and a store) and wake the loop only if it may
// be asleep, so that a burst costs one wake-up. The queue outlives its loop for as long as a
// thread may still push.
#pragma once

#include <atomic>
#include <memory>

#include <weft/runtime/ready_queue.hpp>

namespace weft {
class Backend;
namespace internal {

class Inbox {
public:
    /// Something pushed; `next` is the queue's.
    struct Message {
        std::atomic<Message*> next{nullptr};
        /// Turns into a call on the loop's thread: returns its node for the ready queue.
        virtual ReadyNode& arrive() noexcept = 0;
        /// The loop is gone; nothing will run.
        virtual void drop() noexcept = 0;

    protected:
        ~Message() = default;
    };

    explicit Inbox(Backend& backend) noexcept;
    ~Inbox();
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    /// False, and nothing pushed, once the loop is closed.
    /// Thread: any.
    [[nodiscard]] bool push(Message& message) noexcept;
    /// Ends the loop's sleep.
    /// Thread: any; safe in a signal handler.
    void wake() noexcept;

    // The loop's side.
    /// Moves all that has arrived to the ready queue.
    void drain(ReadyQueue& ready) noexcept;
    [[nodiscard]] bool empty() const noexcept {
        return head_ == &stub_ && stub_.next.load(std::memory_order_seq_cst) == nullptr;
    }
    /// Announces sleep; false when something has come meanwhile, and the loop must look again.
    [[nodiscard]] bool fall_asleep() noexcept;
    void awake() noexcept { asleep_.store(false, std::memory_order_relaxed); }
    /// No message is accepted any more; those that wait are dropped.
    void close() noexcept;

private:
    Message* pop() noexcept;

    struct Stub final : Message {
        ReadyNode& arrive() noexcept override { __builtin_unreachable(); }
        void drop() noexcept override {}
    };
    Stub stub_;
    Message* head_ = &stub_;                  // the consumer's end: what is taken next
    alignas(64) std::atomic<Message*> tail_;  // the producers' end
    std::atomic<bool> asleep_{false};
    std::atomic<bool> closed_{false};
    std::atomic<Backend*> backend_;  // null once closed
    std::atomic<int> waking_{0};     // threads inside wake(), which keep the backend alive
};

}  // namespace internal
}  // namespace weft
