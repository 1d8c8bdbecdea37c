// SPDX-License-Identifier: Apache-2.0
// weft/runtime/queue.hpp - Queue, PriorityQueue, LifoQueue: items on their way between tasks.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include <weft/runtime/heap.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/queue_line.hpp>
#include <weft/runtime/ring_buffer.hpp>
#include <weft/runtime/waiter.hpp>

namespace weft {
namespace internal {

template <class T, class Items>
class BasicQueue;

template <class T, class Items>
class GetWait final : public QueueWait {
public:
    explicit GetWait(BasicQueue<T, Items>& queue) noexcept : QueueWait(queue, Kind::getter) {}

    [[nodiscard]] bool await_ready() const noexcept { return own().can_get(); }
    T await_resume() {
        if (has_waited()) [[unlikely]] {
            finish_wait();
            return own().get_nowait_slow();
        }
        return own().get_nowait();
    }

private:
    [[nodiscard]] BasicQueue<T, Items>& own() const noexcept {
        return static_cast<BasicQueue<T, Items>&>(queue());
    }
};

template <class T, class Items>
class PutWait final : public QueueWait {
public:
    PutWait(BasicQueue<T, Items>& queue, T&& item)
        : QueueWait(queue, Kind::putter), item_(std::move(item)) {}

    [[nodiscard]] bool await_ready() const noexcept { return own().can_put(); }
    void await_resume() {
        if (has_waited()) [[unlikely]] {
            finish_wait();
            own().put_nowait_slow(std::move(item_));
        } else {
            own().put_nowait(std::move(item_));
        }
    }

private:
    [[nodiscard]] BasicQueue<T, Items>& own() const noexcept {
        return static_cast<BasicQueue<T, Items>&>(queue());
    }
    T item_;
};

template <class T, class Items>
class [[nodiscard]] Put {
public:
    Put(BasicQueue<T, Items>& queue, T&& item) : queue_(&queue), item_(std::move(item)) {}
    [[nodiscard]] PutWait<T, Items> make_awaiter() && {
        return PutWait<T, Items>(*queue_, std::move(item_));
    }

private:
    BasicQueue<T, Items>* queue_;
    T item_;
};

/// The verbs of all queues; `Items` decides the order.
template <class T, class Items>
class BasicQueue : public QueueLine {
public:
    using value_type = T;

    /// At most `maxsize` items, when it is above zero; else any number.
    explicit BasicQueue(std::ptrdiff_t maxsize = 0) noexcept : QueueLine(maxsize) {}

    /// Adds an item; waits while the queue is full.
    ///
    /// Errors:   QueueShutDown   it was shut down, before or while this waited; the item is dropped
    ///           RuntimeError    it would have to wait, and the queue belongs to another loop.
    /// Cancel:   safe; the item was not added, and is destroyed with the operation.
    /// Suspends: maybe; never while there is room.
    /// Cost:     no allocation for the wait; the queue grows by doubling.
    [[nodiscard]] Put<T, Items> put(T item) { return Put<T, Items>(*this, std::move(item)); }
    /// Takes an item out; waits while the queue is empty.
    ///
    /// Errors:   QueueShutDown   it is empty and was shut down, before or while this waited.
    ///           RuntimeError    it would have to wait, and the queue belongs to another loop.
    /// Cancel:   safe; the item stays in the queue, and the next who waits is woken for it.
    /// Suspends: maybe; never while there is an item.
    /// Cost:     no allocation.
    /// Spec:     as asyncio's, but one that was woken and found its item taken by somebody else
    ///           waits on at its old place in line, not at the end.
    [[nodiscard]] WaitAt<GetWait<T, Items>, BasicQueue> get() noexcept {
        return WaitAt<GetWait<T, Items>, BasicQueue>(*this);
    }

    /// Errors: QueueFull; QueueShutDown.
    void put_nowait(T item) {
        if (!may_put_freely() || !items_.has_room()) [[unlikely]]
            return put_nowait_slow(std::move(item));
        items_.push(std::move(item));
        was_put();
    }
    /// Errors: QueueEmpty; QueueShutDown when it is empty and was shut down.
    T get_nowait() {
        if (!may_get_freely()) [[unlikely]]
            return get_nowait_slow();
        T item = items_.pop();
        was_got();
        return item;
    }

    /// Ends it: put() throws QueueShutDown from now on, get() once the queue is empty. All who wait
    /// are woken. `immediate` drops the items, each as if it was got and done.
    void shutdown(bool immediate = false) {
        check_can_shut_down();
        while (immediate && !empty()) {
            [[maybe_unused]] const T dropped = items_.pop();
            was_dropped();
        }
        shut_down();
    }

private:
    friend class GetWait<T, Items>;
    friend class PutWait<T, Items>;

    // Out of line: without a call that comes back, the usual way has no registers to save.
    [[gnu::noinline]] void put_nowait_slow(T item) {
        check_can_put();
        items_.push(std::move(item));
        was_put();
        wake_getter();
    }
    [[gnu::noinline]] T get_nowait_slow() {
        check_can_get();
        T item = items_.pop();
        was_got();
        wake_putter();
        return item;
    }

    Items items_;
};

}  // namespace internal

/// Items in the order of their coming.
///
///     co_await queue.put(item);
///     auto next = co_await queue.get();
///
/// Tasks that wait are served in the order of their coming. Items need only be movable.
///
/// Thread:   the loop's; it belongs to the first loop in which a task waits for it.
/// Lifetime: must outlive those who wait for it.
/// Cost:     no allocation per item; the memory for the most items at a time stays allocated.
/// Limits:   `maxsize`; none by default, as in Python.
/// Spec:     asyncio.Queue.
template <class T>
class Queue : public internal::BasicQueue<T, internal::RingBuffer<T>> {
public:
    using internal::BasicQueue<T, internal::RingBuffer<T>>::BasicQueue;
};

/// A Queue that gives the smallest item first.
/// Spec: asyncio.PriorityQueue. Items of which neither is less come in heapq's order, not in that
///       of their coming: add a counter to the item for that, as in Python.
template <class T, class Compare = std::less<T>>
class PriorityQueue : public internal::BasicQueue<T, internal::Heap<T, Compare>> {
public:
    using internal::BasicQueue<T, internal::Heap<T, Compare>>::BasicQueue;
};

/// A Queue that gives the newest item first.
/// Spec: asyncio.LifoQueue.
template <class T>
class LifoQueue : public internal::BasicQueue<T, internal::Stack<T>> {
public:
    using internal::BasicQueue<T, internal::Stack<T>>::BasicQueue;
};

}  // namespace weft
