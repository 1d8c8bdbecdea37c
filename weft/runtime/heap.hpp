// SPDX-License-Identifier: Apache-2.0
// weft/runtime/heap.hpp - Heap: the smallest first.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace weft::internal {

/// Python's heapq, so that items of which neither is less come out in the order that they have
/// there; std::push_heap and std::pop_heap have another.
template <class T, class Compare>
class Heap {
public:
    /// Whether the next push() needs no memory.
    [[nodiscard]] bool has_room() const noexcept { return items_.size() < items_.capacity(); }
    void push(T&& item) {
        items_.push_back(std::move(item));
        rise(items_.size() - 1);
    }
    /// There must be one.
    T pop() {
        T last = std::move(items_.back());
        items_.pop_back();
        if (items_.empty()) return last;
        T smallest = std::exchange(items_.front(), std::move(last));
        sink_to_bottom_and_rise();
        return smallest;
    }

private:
    // Moves the item at `at` up to its place.
    void rise(std::size_t at) {
        T item = std::move(items_[at]);
        while (at > 0) {
            const std::size_t parent = (at - 1) / 2;
            if (!less_(item, items_[parent])) break;
            items_[at] = std::move(items_[parent]);
            at = parent;
        }
        items_[at] = std::move(item);
    }
    // The smaller children move up all the way, since an item from the end mostly belongs there.
    void sink_to_bottom_and_rise() {
        T item = std::move(items_.front());
        std::size_t at = 0;
        for (std::size_t child = 1; child < items_.size(); child = 2 * at + 1) {
            if (child + 1 < items_.size() && !less_(items_[child], items_[child + 1])) ++child;
            items_[at] = std::move(items_[child]);
            at = child;
        }
        items_[at] = std::move(item);
        rise(at);
    }

    std::vector<T> items_;
    [[no_unique_address]] Compare less_;
};

/// Last in, first out.
template <class T>
class Stack {
public:
    /// Whether the next push() needs no memory.
    [[nodiscard]] bool has_room() const noexcept { return items_.size() < items_.capacity(); }
    void push(T&& item) { items_.push_back(std::move(item)); }
    /// There must be one.
    T pop() {
        T item = std::move(items_.back());
        items_.pop_back();
        return item;
    }

private:
    std::vector<T> items_;
};

}  // namespace weft::internal
