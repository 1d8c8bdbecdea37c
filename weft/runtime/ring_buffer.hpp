// SPDX-License-Identifier: Apache-2.0
// weft/runtime/ring_buffer.hpp - RingBuffer: first in, first out, in memory that is used again.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace weft::internal {

/// Allocates only to grow, by doubling; what it held at most stays allocated.
template <class T>
class RingBuffer {
public:
    RingBuffer() = default;
    RingBuffer(const RingBuffer&) = delete;
    RingBuffer& operator=(const RingBuffer&) = delete;
    ~RingBuffer() {
        while (begin_ != end_) std::destroy_at(slot(begin_++));
        free(slots_, capacity_);
    }

    /// Whether the next push() needs no memory.
    [[nodiscard]] bool has_room() const noexcept { return end_ - begin_ != capacity_; }
    void push(T&& item) {
        if (end_ - begin_ == capacity_) [[unlikely]]
            grow();
        std::construct_at(slot(end_), std::move(item));
        ++end_;
    }
    /// There must be one.
    T pop() {
        T* const first = slot(begin_);
        T item = std::move(*first);
        std::destroy_at(first);
        ++begin_;
        return item;
    }

private:
    // Positions only grow; the capacity is a power of two, or none.
    [[nodiscard]] T* slot(std::size_t position) const noexcept {
        return slots_ + (position & (capacity_ - 1));
    }
    static void free(T* slots, std::size_t capacity) noexcept {
        if (slots) std::allocator<T>().deallocate(slots, capacity);
    }
    void grow() {
        RingBuffer larger;
        larger.capacity_ = capacity_ ? 2 * capacity_ : 8;
        larger.slots_ = std::allocator<T>().allocate(larger.capacity_);
        while (larger.end_ != end_ - begin_) {
            std::construct_at(larger.slot(larger.end_),
                              std::move_if_noexcept(*slot(begin_ + larger.end_)));
            ++larger.end_;
        }
        std::swap(slots_, larger.slots_);
        std::swap(capacity_, larger.capacity_);
        std::swap(begin_, larger.begin_);
        std::swap(end_, larger.end_);
    }

    T* slots_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace weft::internal
