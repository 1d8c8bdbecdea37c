// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/queue_line.hpp>

#include <cstddef>

#include <weft/base/exceptions.hpp>
#include <weft/base/list.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {

constinit const OpKind QueueWait::kind_of_get{"Queue.get", OpDetail::object,
                                              offsetof(QueueWait, queue_)};
constinit const OpKind QueueWait::kind_of_put{"Queue.put", OpDetail::object,
                                              offsetof(QueueWait, queue_)};

void QueueLine::wake_next(List<QueueWait>& line) noexcept {
    QueueWait* waiter = line.pop_front();
    if (!waiter) return;
    woken_.push_back(*waiter);
    waiter->give();
}

void QueueLine::shut_down() noexcept {
    is_shut_down_ = true;
    while (!getters_.empty()) wake_next(getters_);
    while (!putters_.empty()) wake_next(putters_);
}

void QueueLine::throw_too_many_done() { throw ValueError("task_done() called too many times"); }

void QueueLine::check_can_put() const {
    if (is_shut_down_) throw QueueShutDown();
    if (full()) throw QueueFull();
    if (!getters_.empty()) loop_.check_thread();
}

void QueueLine::check_can_get() const {
    if (empty()) {
        if (is_shut_down_) throw QueueShutDown();
        throw QueueEmpty();
    }
    if (!putters_.empty()) loop_.check_thread();
}

bool QueueWait::can_go_on() const noexcept {
    return kind_ == Kind::getter ? queue_.can_get() : queue_.can_put();
}

List<QueueWait>& QueueWait::line() const noexcept {
    return kind_ == Kind::getter ? queue_.getters_ : queue_.putters_;
}

void QueueWait::start(PromiseBase& frame) {
    queue_.loop_.bind(frame.task->loop(), "Queue");
    ticket_ = ++queue_.last_ticket_;
    line().push_back(*this);
    checks_resume = true;
    suspend(frame, kind_ == Kind::getter ? kind_of_get : kind_of_put);
}

bool QueueWait::may_resume() noexcept {
    if (outcome == Outcome::cancelled || can_go_on()) return true;
    unlink();
    take_back();
    stand_in_line();
    return false;
}

void QueueWait::stand_in_line() noexcept {
    for (QueueWait& other : line()) {
        if (ticket_ < other.ticket_) return line().insert_before(other, *this);
    }
    line().push_back(*this);
}

void QueueWait::finish_wait() {
    if (outcome == Outcome::cancelled) {
        leave();
        raise_if_cancelled();
    }
    unlink();
}

// What it was woken for is there for the next one.
void QueueWait::leave() noexcept {
    unlink();
    const bool goes_on = kind_ == Kind::getter ? !queue_.empty() : !queue_.full();
    if (given() && goes_on) queue_.wake_next(line());
}

}  // namespace weft::internal
