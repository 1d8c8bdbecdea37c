// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/cpu_pool.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <unistd.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/cpu/internal/arena.hpp>

namespace weft {

struct CpuPool::Job {
    CpuPool& pool;
    std::move_only_function<void()> call;
    // What hands the job to its worker. oneTBB does so too, but unseen by ThreadSanitizer.
    std::atomic<bool> is_queued = false;

    static void run(void* queued) noexcept {
        std::unique_ptr<Job> job(static_cast<Job*>(queued));
        static_cast<void>(job->is_queued.load(std::memory_order_acquire));
        CpuPool& pool = job->pool;
        job->call();
        job.reset();  // what it holds is destroyed before the pool may be
        pool.ended();
    }
};

std::size_t CpuPool::default_workers() noexcept {
    return std::max(1u, std::thread::hardware_concurrency());
}

CpuPool::CpuPool(std::size_t workers) : workers_(workers), process_(::getpid()) {
    if (workers == 0) throw ValueError("workers must be greater than 0");
    arena_ = std::make_unique<internal::Arena>(workers);
}

CpuPool::~CpuPool() {
    if (is_of_parent()) {
        static_cast<void>(arena_.release());  // whose threads are not here to end
    } else {
        shutdown(true);
    }
}

bool CpuPool::is_of_parent() const noexcept { return process_ != ::getpid(); }

void CpuPool::submit_job(std::move_only_function<void()> call) {
    if (is_of_parent()) {
        throw RuntimeError("the threads of this CpuPool are those of the process that forked");
    }
    auto job = std::make_unique<Job>(*this, std::move(call));
    {
        const std::lock_guard lock(mutex_);
        if (shut_down_) throw RuntimeError("cannot schedule new futures after shutdown");
        ++jobs_;
    }
    job->is_queued.store(true, std::memory_order_release);
    try {
        arena_->enqueue(&Job::run, job.get());
    } catch (...) {
        ended();
        throw;
    }
    static_cast<void>(job.release());
}

void CpuPool::ended() noexcept {
    const std::lock_guard lock(mutex_);
    if (--jobs_ == 0) all_ended_.notify_all();
}

void CpuPool::shutdown(bool wait) {
    std::unique_lock lock(mutex_);
    shut_down_ = true;
    if (wait) all_ended_.wait(lock, [this] { return jobs_ == 0; });
}

bool CpuPool::shutdown_within(Nanoseconds timeout) {
    shutdown(false);
    const auto span = std::min(timeout, Nanoseconds(std::chrono::hours(24 * 365)));
    std::unique_lock lock(mutex_);
    return all_ended_.wait_for(lock, span, [this] { return jobs_ == 0; });
}

CpuPool& default_cpu_pool() {
    static CpuPool& pool = *new CpuPool;  // never destroyed: another thread may still submit
    return pool;
}

}  // namespace weft
