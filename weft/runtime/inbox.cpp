// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/inbox.hpp>

#include <atomic>

#include <weft/runtime/backend.hpp>
#include <weft/runtime/ready_queue.hpp>

namespace weft::internal {

// D. Vyukov's multi-producer queue with a stub: a producer swings the tail and then links its
// predecessor to itself. Between the two steps the consumer sees an end; the producer's wake-up,
// which comes after the link, makes it look again.

Inbox::Inbox(Backend& backend) noexcept : tail_(&stub_), backend_(&backend) {}

Inbox::~Inbox() {
    while (Message* message = pop()) message->drop();
}

bool Inbox::push(Message& message) noexcept {
    if (closed_.load(std::memory_order_acquire)) return false;
    message.next.store(nullptr, std::memory_order_relaxed);
    Message* before = tail_.exchange(&message, std::memory_order_seq_cst);
    before->next.store(&message, std::memory_order_seq_cst);
    // Either this sees the sleeper, or the sleeper's last look sees the message.
    if (asleep_.load(std::memory_order_seq_cst)) wake();
    return true;
}

void Inbox::wake() noexcept {
    waking_.fetch_add(1, std::memory_order_seq_cst);
    if (Backend* backend = backend_.load(std::memory_order_seq_cst)) {
        asleep_.store(false, std::memory_order_relaxed);  // one write for a whole burst
        backend->wake();
    }
    waking_.fetch_sub(1, std::memory_order_release);
}

Inbox::Message* Inbox::pop() noexcept {
    Message* head = head_;
    Message* next = head->next.load(std::memory_order_acquire);
    if (head == &stub_) {
        if (!next) return nullptr;
        head_ = head = next;
        next = head->next.load(std::memory_order_acquire);
    }
    if (next) {
        head_ = next;
        return head;
    }
    if (tail_.load(std::memory_order_acquire) != head) return nullptr;  // a link is under way
    // `head` is the last: put the stub behind it, so that it can be taken.
    stub_.next.store(nullptr, std::memory_order_relaxed);
    Message* before = tail_.exchange(&stub_, std::memory_order_acq_rel);
    before->next.store(&stub_, std::memory_order_release);
    next = head->next.load(std::memory_order_acquire);
    if (!next) return nullptr;
    head_ = next;
    return head;
}

void Inbox::drain(ReadyQueue& ready) noexcept {
    while (Message* message = pop()) ready.push(message->arrive());
}

bool Inbox::fall_asleep() noexcept {
    asleep_.store(true, std::memory_order_seq_cst);
    if (empty()) return true;
    awake();
    return false;
}

void Inbox::close() noexcept {
    closed_.store(true, std::memory_order_seq_cst);
    backend_.store(nullptr, std::memory_order_seq_cst);
    while (waking_.load(std::memory_order_acquire) != 0) {  // a few instructions of another thread
    }
    while (Message* message = pop()) message->drop();
}

}  // namespace weft::internal
