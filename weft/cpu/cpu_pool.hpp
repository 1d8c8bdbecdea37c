// SPDX-License-Identifier: Apache-2.0
// weft/cpu/cpu_pool.hpp - CpuPool: threads that compute, as many as there are processors.
//
//     const Digest digest = co_await spawn_cpu(hash, data);             // spawn_cpu.hpp
//     co_await parallel_for(pixels, [&](Pixel& pixel) { … });           // parallel_for.hpp
//
// A loop waits. What computes for more than some 100 microseconds belongs here; what blocks, to
// to_thread(), whose pool has more threads than there are processors.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>

#include <weft/base/time.hpp>
#include <weft/runtime/executor.hpp>

namespace weft {

namespace internal {
class Arena;
}

/// Threads that compute, on the scheduler of oneTBB. It is an Executor, too, such as for
/// loop.run_in_executor(). The destructor waits for all calls.
///
/// Calls compute; one that waits for another may wait for ever, since how many run at a time is the
/// scheduler's choice.
/// Limits: at most `workers` calls at a time; none for those that wait their turn. All pools together have
///         1,024 threads at most, and fewer where a global_control of oneTBB says so.
/// Thread: any. In the child of a fork, which has none of the threads, submitting is a RuntimeError.
class CpuPool final : public Executor {
public:
    /// Errors: ValueError for zero workers.
    explicit CpuPool(std::size_t workers = default_workers());
    ~CpuPool() override;

    void submit_job(std::move_only_function<void()> job) override;
    void shutdown(bool wait) override;
    [[nodiscard]] bool shutdown_within(Nanoseconds timeout) override;

    [[nodiscard]] std::size_t workers() const noexcept { return workers_; }
    /// As many as there are processors that the process may run on.
    [[nodiscard]] static std::size_t default_workers() noexcept;

private:
    struct Job;
    void ended() noexcept;
    [[nodiscard]] bool is_of_parent() const noexcept;

    const std::size_t workers_;
    const int process_;
    std::unique_ptr<internal::Arena> arena_;
    std::mutex mutex_;
    std::condition_variable all_ended_;
    std::size_t jobs_ = 0;  // submitted, and not ended
    bool shut_down_ = false;
};

/// The pool that is meant where none is named: with default_workers(), made when it is first asked
/// for, and there until the process ends, which waits for none of its calls.
/// Thread: any.
[[nodiscard]] CpuPool& default_cpu_pool();

}  // namespace weft
