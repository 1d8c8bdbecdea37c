// SPDX-License-Identifier: Apache-2.0
// weft/runtime/ready_queue.hpp - what runs next, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weft::internal {

struct ReadyNode;

/// What a node is a part of, for who may only read it.
enum class NodeIs : std::uint8_t { other, task, callback, timer_callback };

/// What can be done with a kind of node; one constant table for each.
struct ReadyKind {
    void (*run)(ReadyNode&);
    /// The loop closes before the node's turn: frees what the queue owns of it.
    void (*drop)(ReadyNode&) noexcept;
    std::string (*describe)(const ReadyNode&);
    NodeIs is = NodeIs::other;
};

/// Something that the loop runs once. It lives in what it belongs to (a task, a timer, a
/// callback), so that queueing allocates nothing.
struct ReadyNode {
    explicit ReadyNode(const ReadyKind& the_kind) noexcept : kind(&the_kind) {}
    ReadyNode(const ReadyNode&) = delete;
    ReadyNode& operator=(const ReadyNode&) = delete;

    ReadyNode* next = nullptr;
    const ReadyKind* kind;
};

/// First in, first out. A node cannot be taken out: who cancels marks the node, and runs behind
/// it, so that a node is never freed while it is queued.
class ReadyQueue {
public:
    ReadyQueue() = default;
    ReadyQueue(const ReadyQueue&) = delete;
    ReadyQueue& operator=(const ReadyQueue&) = delete;

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void push(ReadyNode& node) noexcept {
        node.next = nullptr;
        *tail_ = &node;
        tail_ = &node.next;
        ++size_;
    }
    /// The queue must not be empty.
    ReadyNode& pop() noexcept {
        ReadyNode& node = *head_;
        head_ = node.next;
        if (!head_) tail_ = &head_;
        --size_;
        return node;
    }

private:
    friend struct DebugOffsets;
    ReadyNode* head_ = nullptr;
    ReadyNode** tail_ = &head_;
    std::size_t size_ = 0;
};

}  // namespace weft::internal
