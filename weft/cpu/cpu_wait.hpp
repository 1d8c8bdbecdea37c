// SPDX-License-Identifier: Apache-2.0
// weft/cpu/cpu_wait.hpp - a task that waits for work on a pool.
//
//   queued ──a thread takes part──▶ running ──the last one leaves──▶ over ──▶ the task goes on
//      └───────cancel()──────▶ over    │
//                                  cancel() asks it to stop, and waits for that
//
// The work lies in the frame that awaits it, and may refer to all that lies there: the frame neither
// goes on nor is destroyed before the work is over.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <stop_token>
#include <utility>

#include <weft/runtime/executor.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>

namespace weft::internal {

class CpuErrand;

/// What is done on the pool.
class CpuWork {
public:
    /// Takes part in the work until there is nothing left to do, or a stop is requested.
    /// Thread: one of the pool's; up to `threads` of them at the same time.
    virtual void run(const std::stop_token& stop) noexcept = 0;

    [[nodiscard]] std::size_t threads() const noexcept { return threads_; }
    // Once it is over.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
    void rethrow_error() {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    }

protected:
    explicit CpuWork(std::size_t threads) noexcept : threads_(threads) {}
    ~CpuWork() = default;
    std::exception_ptr error_;

private:
    std::size_t threads_;
};

class CpuWait final : public Op {
public:
    CpuWait(ThreadPoolExecutor& pool, CpuWork& work, const OpKind& kind) noexcept
        : pool_(pool), work_(work), kind_(kind) {}
    /// When its loop was closed: asks the work to stop, and blocks until it is over. An error that
    /// nobody will see is told to the loop's exception handler.
    ~CpuWait();

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }
    void await_resume() {
        raise_if_cancelled();
        was_delivered_ = true;
    }
    CancelAck cancel() noexcept override;

private:
    friend class CpuErrand;
    void start(PromiseBase& frame);
    void is_over() noexcept;
    void report_error() const noexcept;

    ThreadPoolExecutor& pool_;
    CpuWork& work_;
    const OpKind& kind_;
    std::shared_ptr<CpuErrand> errand_;  // null when nothing is under way
    bool was_delivered_ = false;
};

/// `co_await CpuWaitFor{pool, work, kind}`
struct [[nodiscard]] CpuWaitFor {
    ThreadPoolExecutor& pool;
    CpuWork& work;
    const OpKind& kind;
    [[nodiscard]] CpuWait make_awaiter() const noexcept { return {pool, work, kind}; }
};

extern const OpKind spawn_cpu_kind;
extern const OpKind parallel_for_kind;

}  // namespace weft::internal
