// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/cpu_wait.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <stop_token>
#include <string>
#include <utility>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/inbox.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {

constexpr OpKind spawn_cpu_kind{"spawn_cpu"};
constexpr OpKind parallel_for_kind{"parallel_for"};

// The work on its way to the threads and back. The frame that waits and the jobs of the pool share
// it: jobs that come too late find it over.
class CpuErrand final : public std::enable_shared_from_this<CpuErrand>,
                        private Inbox::Message,
                        private ReadyNode {
public:
    CpuErrand(CpuWait& wait, std::shared_ptr<Inbox> inbox)
        : ReadyNode(ready_kind),
          wait_(&wait),
          work_(wait.work_),
          pool_(wait.pool_),
          inbox_(std::move(inbox)) {}

    /// Errors: those of the pool.
    void submit() {
        pool_.submit_job([self = shared_from_this()] { self->take_part(); });
    }

    // The loop's thread.

    /// True when it had not begun, and never will. Else it is asked to stop.
    [[nodiscard]] bool was_dropped() noexcept {
        State queued = 0;
        if (state_.compare_exchange_strong(queued, over)) return true;
        stop_.request_stop();
        return false;
    }
    void wait_until_over() const noexcept {
        for (State now = state_.load(); now != over; now = state_.load()) state_.wait(now);
    }
    void forget_who_waits() noexcept { wait_ = nullptr; }

private:
    using State = int;  // how many threads take part
    static constexpr State over = -1;

    void take_part() noexcept {
        State others = state_.load();
        do {
            if (others == over) return;
        } while (!state_.compare_exchange_weak(others, others + 1));
        ask_for_one_more();
        work_.run(stop_.get_token());
        leave();
    }

    // Each asks for the next one, so that the loop's thread wakes only the first. As many as can take
    // part are enough: each stays until there is nothing left to do.
    void ask_for_one_more() noexcept {
        if (asked_.fetch_add(1) >= work_.threads()) return;
        try {
            submit();
        } catch (const std::exception&) {  // no memory, or the pool was shut down: it goes without
        }
    }

    // Whoever leaves has found nothing left to do: the last one ends it.
    void leave() noexcept {
        State now = state_.load();
        while (!state_.compare_exchange_weak(now, now == 1 ? over : now - 1)) {
        }
        if (now != 1) return;
        state_.notify_all();  // the frame may go
        const std::shared_ptr<Inbox> inbox = std::move(inbox_);
        in_inbox_ = shared_from_this();
        if (!inbox->push(*this)) in_inbox_ = nullptr;
    }

    ReadyNode& arrive() noexcept override { return *this; }
    void drop() noexcept override { in_inbox_ = nullptr; }
    static const ReadyKind ready_kind;

    std::atomic<State> state_ = 0;
    std::atomic<std::size_t> asked_ = 1;  // how many were called, the first by the loop
    CpuWait* wait_;                       // null once it is gone
    CpuWork& work_;                       // is there until it is over
    ThreadPoolExecutor& pool_;
    std::stop_source stop_;
    std::shared_ptr<Inbox> inbox_;
    std::shared_ptr<CpuErrand> in_inbox_;  // itself, while the loop has it
};

constinit const ReadyKind CpuErrand::ready_kind = {
    .run =
        [](ReadyNode& node) {
            auto& errand = static_cast<CpuErrand&>(node);
            const std::shared_ptr<CpuErrand> self = std::move(errand.in_inbox_);
            if (errand.wait_) errand.wait_->is_over();
        },
    .drop = [](ReadyNode& node) noexcept { static_cast<CpuErrand&>(node).drop(); },
    .describe = [](const ReadyNode&) { return std::string("<Handle of work on a pool>"); }};

void CpuWait::start(PromiseBase& frame) {
    EventLoop& loop = frame.task->loop();
    const auto errand = std::make_shared<CpuErrand>(*this, loop.inbox());
    errand->submit();
    errand_ = errand;
    loop.system().outside_work(+1);
    suspend(frame, kind_);
}

CpuWait::~CpuWait() {
    if (errand_) {
        errand_->forget_who_waits();
        // The child of a fork has a copy of what the threads of its parent do.
        if (task()->loop().is_of_parent()) return;
        if (!errand_->was_dropped()) errand_->wait_until_over();
    }
    if (!was_delivered_ && work_.error()) report_error();
}

// To the loop: the task was cancelled, or its loop closed.
void CpuWait::report_error() const noexcept {
    EventLoop& loop = task()->loop();
    if (is_loop_ending(work_.error()) && !loop.is_closed()) {
        return loop.end_run_with(work_.error());
    }
    try {
        loop.call_exception_handler({.message = "work on a pool failed, and its task was cancelled",
                                     .exception = work_.error()});
    } catch (const std::bad_alloc&) {
        log(LogLevel::error, "work on a pool failed, and there is no memory to tell of it");
    }
}

CancelAck CpuWait::cancel() noexcept {
    if (!errand_->was_dropped()) return CancelAck::later;
    task()->loop().system().outside_work(-1);
    errand_->forget_who_waits();
    errand_ = nullptr;
    return CancelAck::now;
}

void CpuWait::is_over() noexcept {
    task()->loop().system().outside_work(-1);
    errand_ = nullptr;
    wake();
}

}  // namespace weft::internal
