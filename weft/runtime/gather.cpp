// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/gather.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {

constinit const ReadyKind GatherBase::Child::ready_kind = {
    .run =
        [](ReadyNode& node) {
            auto& child = static_cast<Child&>(node);
            const auto keep = Ref<GatherBase>::adopt(child.gather);  // the child's share
            keep->on_child_done(child);
        },
    .drop = [](ReadyNode& node) noexcept { static_cast<Child&>(node).gather->release(); },
    .describe = [](const ReadyNode&) { return std::string("<Handle gather>"); }};

GatherBase::GatherBase(EventLoop& loop, ResultBase& result, GatherMode mode, std::size_t count)
    : JoinBase(loop, result, "gather"),
      children_(std::make_unique<Child[]>(count)),
      count_(count),
      mode_(mode) {}

GatherBase::~GatherBase() = default;

void GatherBase::begin() {
    for (std::size_t i = 0; i < count_; ++i) {
        if (&children_[i].future->loop() != &loop()) {
            throw ValueError(
                "The future belongs to a different loop than the one specified as the loop "
                "argument");
        }
    }
    if (count_ == 0) {
        collect();
        return;
    }
    set_members(&children_[0].pending, count_, sizeof(Child), true);
    for (std::size_t i = 0; i < count_; ++i) {
        Child& child = children_[i];
        if (child.future->done()) {
            ++ended_;
            continue;
        }
        child.gather = this;
        retain();
        const Ref<FutureBase> future = std::move(child.future);
        child.pending = future.get();
        future->add(child);
    }
    // Those that are done count at once, as in asyncio: nothing is waited for.
    for (std::size_t i = 0; i < count_; ++i) {
        if (!children_[i].gather) on_child_done(children_[i]);
    }
}

// In asyncio each child's end calls back in a later turn. A result that is not the last does nothing
// there but count, so it is counted at once.
void GatherBase::Child::fire(FutureBase& ended) noexcept {
    pending = nullptr;
    future = Ref(&ended);
    GatherBase& all = *gather;
    const bool last = ++all.ended_ == all.count_;
    if (last || ended.result().outcome != Outcome::value) {
        ended.loop().ready().push(*this);
    } else {
        ++all.finished_;
        all.release();  // the child's share. It may be the last, and this is gone then
    }
}

void GatherBase::Child::drop() noexcept {
    pending = nullptr;
    gather->release();
}

bool GatherBase::cancel_children(const std::string* message) {
    bool any = false;
    for (std::size_t i = 0; i < count_; ++i) {
        if (FutureBase* child = children_[i].pending) any |= child->cancel(message);
    }
    return any;
}

bool GatherBase::cancel(const std::string* message) {
    if (done()) return false;
    const bool any = cancel_children(message);
    // The error comes from the children, so that it also comes with return_exceptions.
    if (any) cancel_requested_ = true;
    return any;
}

void GatherBase::on_child_done(Child& child) {
    FutureBase& future = *child.future;
    ++finished_;
    const ResultBase& ended = future.result();
    const bool failed = ended.outcome == Outcome::error;
    const bool first = mode_ != GatherMode::return_exceptions && !done() && !first_failure_;
    // A later error stays with the child, which reports it when nobody asks.
    if (failed && (first || mode_ == GatherMode::return_exceptions)) future.mark_retrieved();
    if (first && ended.outcome != Outcome::value) {
        FailurePtr failure = copy_failure(ended);
        if (!failure) failure = std::make_unique<Failure>(Failure{error_of(future), {}});
        if (mode_ == GatherMode::first_error) {
            set_failure(std::move(failure));
        } else {
            first_failure_ = std::move(failure);
            for (std::size_t i = 0; i < count_; ++i) {
                if (FutureBase* other = children_[i].pending) cancel_or_report(*other);
            }
        }
    }
    if (finished_ == count_ && !done()) finish(future);
}

void GatherBase::finish(FutureBase& last) {
    if (first_failure_) {
        set_failure(std::move(first_failure_));
    } else if (cancel_requested_) {
        // As in asyncio the gather ends with a CancelledError, but is not cancelled() itself.
        set_error(cancelled_error(last.cancelled() ? last.cancel_message() : nullptr));
    } else {
        try {
            collect();
        } catch (...) {  // a result could not be copied
            return set_error(std::current_exception());
        }
        mark_done();
    }
}

std::exception_ptr GatherBase::error_of(FutureBase& future) {
    const ResultBase& ended = future.result();
    if (ended.failure()) return ended.failure()->error;
    if (ended.outcome != Outcome::cancelled) return nullptr;
    return cancelled_error(future.cancel_message());
}

}  // namespace weft::internal
