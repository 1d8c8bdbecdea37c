// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/cpu_wait.hpp>

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include <weft/cpu/cpu_pool.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/inbox.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft::internal {

// The work on its way to a worker and back. The frame that waits and the pool share it: either may
// be gone first.
class CpuErrand final : public std::enable_shared_from_this<CpuErrand>,
                        private Inbox::Message,
                        private ReadyNode {
public:
    CpuErrand(CpuWait& wait, std::shared_ptr<Inbox> inbox)
        : ReadyNode(ready_kind), wait_(&wait), work_(&wait.work_), inbox_(std::move(inbox)) {}

    /// Thread: a worker's.
    void run() noexcept {
        State queued = State::queued;
        if (!state_.compare_exchange_strong(queued, State::running)) return;
        work_->run(stop_.get_token());
        state_.store(State::over);  // the frame may go
        state_.notify_all();
        in_inbox_ = shared_from_this();
        if (!inbox_->push(*this)) in_inbox_ = nullptr;
    }

    // The loop's thread.

    /// True when it had not begun, and never will. Else it is asked to stop.
    [[nodiscard]] bool was_dropped() noexcept {
        State queued = State::queued;
        if (state_.compare_exchange_strong(queued, State::dropped)) return true;
        stop_.request_stop();
        return false;
    }
    void wait_until_over() const noexcept { state_.wait(State::running); }
    void forget_who_waits() noexcept { wait_ = nullptr; }

private:
    enum class State : int { queued, running, over, dropped };

    ReadyNode& arrive() noexcept override { return *this; }
    void drop() noexcept override { in_inbox_ = nullptr; }
    static const ReadyKind ready_kind;

    std::atomic<State> state_ = State::queued;
    CpuWait* wait_;  // null once it is gone
    CpuWork* work_;  // is there while it runs
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
    .describe = [](const ReadyNode&) { return std::string("<Handle of a CpuPool's work>"); }};

void CpuWait::start(PromiseBase& frame) {
    EventLoop& loop = frame.task->loop();
    const auto errand = std::make_shared<CpuErrand>(*this, loop.inbox());
    pool_.submit_job([errand] { errand->run(); });
    errand_ = errand;
    loop.system().outside_work(+1);
    suspend(frame, kind_);
}

CpuWait::~CpuWait() {
    if (!errand_) return;
    if (!errand_->was_dropped()) errand_->wait_until_over();
    errand_->forget_who_waits();
}

CancelAck CpuWait::cancel() noexcept {
    if (!errand_) return outcome == Outcome::value ? CancelAck::refused : CancelAck::later;
    is_cancelled_ = true;
    if (!errand_->was_dropped()) return CancelAck::later;
    task()->loop().system().outside_work(-1);
    errand_ = nullptr;
    return CancelAck::now;
}

void CpuWait::is_over() noexcept {
    EventLoop& loop = task()->loop();
    loop.system().outside_work(-1);
    errand_ = nullptr;
    if (is_cancelled_ && work_.error()) {
        loop.call_exception_handler(
            {.message = "work on a CpuPool failed after its task was cancelled",
             .exception = work_.error()});
    }
    task()->wake(is_cancelled_ ? Outcome::cancelled : Outcome::value);
}

}  // namespace weft::internal
