// SPDX-License-Identifier: Apache-2.0
// weft/cpu/cpu_wait.hpp - a task that waits for work on a CpuPool.
//
//   queued ──a worker──▶ running ──▶ over ──the loop's turn──▶ the task goes on
//      └───cancel()────▶ dropped       ▲
//                           cancel() asks it to stop, and waits for that
//
// The work lies in the frame that awaits it, and may refer to all that lies there: the frame neither
// goes on nor is destroyed before the work is over.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <stop_token>
#include <utility>

#include <weft/cpu/cpu_pool.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>

namespace weft::internal {

class CpuErrand;

/// What is done on the pool.
class CpuWork {
public:
    /// Thread: a worker's.
    virtual void run(const std::stop_token& stop) noexcept = 0;
    /// Errors: what went wrong. Once it is over.
    void rethrow_error() {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    }
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

protected:
    CpuWork() = default;
    ~CpuWork() = default;
    std::exception_ptr error_;
};

class CpuWait final : public Op {
public:
    CpuWait(CpuPool& pool, CpuWork& work, const OpKind& kind) noexcept
        : pool_(pool), work_(work), kind_(kind) {}
    /// When its loop was closed: asks the work to stop, and blocks until it is over.
    ~CpuWait();

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
        start(frame.promise());
    }
    void await_resume() const { raise_if_cancelled(); }
    CancelAck cancel() noexcept override;

private:
    friend class CpuErrand;
    void start(PromiseBase& frame);
    void is_over() noexcept;

    CpuPool& pool_;
    CpuWork& work_;
    const OpKind& kind_;
    std::shared_ptr<CpuErrand> errand_;  // null when nothing is under way
    bool is_cancelled_ = false;
};

/// `co_await CpuWaitFor{pool, work, kind}`
struct [[nodiscard]] CpuWaitFor {
    CpuPool& pool;
    CpuWork& work;
    const OpKind& kind;
    [[nodiscard]] CpuWait make_awaiter() const noexcept { return {pool, work, kind}; }
};

}  // namespace weft::internal
