// SPDX-License-Identifier: Apache-2.0
// weft/io/internal/send_queue.hpp - what a stream is to send, and the system has not taken.
//
//     first: [ taken │ next ]   [ … ]   last: [ … │ room ]
//
// The first piece stays as it is, since the kernel may be reading it: what is added goes to others.
#pragma once

#include <cstddef>

#include <weft/base/bytes.hpp>
#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/backend.hpp>

namespace weft::internal {

/// Bytes that stay where they are as long as anybody shares them.
class SendPiece final : public ListNode {
public:
    void retain() noexcept { __atomic_add_fetch(&owners_, 1, __ATOMIC_RELAXED); }
    void release() noexcept {
        if (__atomic_sub_fetch(&owners_, 1, __ATOMIC_ACQ_REL) == 0) delete this;
    }
    Bytes bytes;

private:
    ~SendPiece() = default;
    // Counted atomically: what a ring of io_uring leaves behind is freed by any thread.
    int owners_ = 0;
};

class SendQueue {
public:
    /// Large enough that the calls it takes do not count, and small enough to come from the heap,
    /// where the next piece finds the memory of the one before (see LentBuffer).
    static constexpr std::size_t piece_bytes_max = std::size_t{256} * 1024;

    SendQueue() = default;
    SendQueue(const SendQueue&) = delete;
    SendQueue& operator=(const SendQueue&) = delete;
    ~SendQueue();

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Errors: bad_alloc; a part of it may have been added.
    void append(BytesView data);

    /// What comes next, as far as it lies in one piece; empty when there is nothing.
    [[nodiscard]] BytesView next() const noexcept;
    /// The piece that it lies in, which whoever reads on after pop() has to share.
    [[nodiscard]] Ref<SendPiece> piece() const noexcept { return Ref(&pieces_.front()); }
    /// Makes it what the operation sends.
    void give_next_to(IoOperation& operation) const noexcept;
    /// So much of it was taken.
    void pop(std::size_t bytes) noexcept;

private:
    [[nodiscard]] std::size_t room_in_last() const noexcept;
    void drop_first() noexcept;

    List<SendPiece> pieces_;  // each of which it shares
    std::size_t taken_ = 0;   // of the first one
    std::size_t size_ = 0;
};

}  // namespace weft::internal
