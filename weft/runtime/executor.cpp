// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/executor.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/backend.hpp>
#include <weft/runtime/capacity_limiter.hpp>
#include <weft/runtime/concurrent_future.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/post.hpp>

namespace weft {

std::size_t ThreadPoolExecutor::default_workers() noexcept {
    return std::min<std::size_t>(32, std::max(1u, std::thread::hardware_concurrency()) + 4);
}

ThreadPoolExecutor::ThreadPoolExecutor(std::size_t max_workers, std::string thread_name_prefix)
    : max_workers_(max_workers), thread_name_prefix_(std::move(thread_name_prefix)) {
    if (max_workers == 0) throw ValueError("max_workers must be greater than 0");
}

ThreadPoolExecutor::~ThreadPoolExecutor() { shutdown(true); }

void ThreadPoolExecutor::submit_job(std::move_only_function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (shut_down_) throw RuntimeError("cannot schedule new futures after shutdown");
        // One idle thread serves one waiting job; whoever comes beyond gets a thread of its own.
        if (idle_ <= jobs_.size() && threads_.size() < max_workers_) start_thread();
        jobs_.push_back(std::move(job));
    }
    changed_.notify_one();
}

// Without one, the job that comes is done by those that there are.
void ThreadPoolExecutor::start_thread() {
    try {
        threads_.emplace_back([this] { work(); });
    } catch (const std::exception& error) {
        if (live_ > 0) return;
        throw RuntimeError(std::string("can't start new thread: ") + error.what());
    }
    ++live_;
    std::array<char, 16> name{};  // the kernel takes no more
    std::snprintf(name.data(), name.size(), "%s_%zu", thread_name_prefix_.c_str(),
                  threads_.size() - 1);
    pthread_setname_np(threads_.back().native_handle(), name.data());
}

void ThreadPoolExecutor::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        ++idle_;
        changed_.wait(lock, [this] { return !jobs_.empty() || shut_down_; });
        --idle_;
        if (jobs_.empty()) break;
        {
            std::move_only_function<void()> job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job();
        }  // what it holds is destroyed before the next one begins
        lock.lock();
    }
    if (--live_ == 0) all_ended_.notify_all();
}

void ThreadPoolExecutor::shutdown(bool wait) {
    std::vector<std::thread> threads;
    {
        const std::lock_guard lock(mutex_);
        shut_down_ = true;
        if (wait) threads.swap(threads_);
    }
    changed_.notify_all();
    for (std::thread& thread : threads) thread.join();
}

bool ThreadPoolExecutor::shutdown_within(Nanoseconds timeout) {
    shutdown(false);
    const auto span = std::min(timeout, Nanoseconds(std::chrono::hours(24 * 365)));
    {
        std::unique_lock lock(mutex_);
        if (!all_ended_.wait_for(lock, span, [this] { return live_ == 0; })) return false;
    }
    shutdown(true);
    return true;
}

namespace internal {

LentToken::LentToken(CapacityLimiter& limiter, EventLoop& loop)
    : limiter_(&limiter), inbox_(loop.inbox()) {
    loop.system().outside_work(+1);  // it will come back, so that nobody waits for it in vain
}

// Whatever thread that is. A loop that was closed meanwhile lends no more.
LentToken::~LentToken() {
    if (!inbox_) return;
    static_cast<void>(post(*inbox_, [limiter = limiter_] {
        get_running_loop().system().outside_work(-1);
        limiter->release_if_held();
    }));
}

Coro<LentToken> lend_token(CapacityLimiter& limiter) {
    co_await transparent;
    co_await limiter.acquire();
    co_return LentToken(limiter, get_running_loop());
}

}  // namespace internal

Executor& EventLoop::default_executor() {
    if (executor_shut_down_) throw RuntimeError("Executor shutdown has been called");
    if (!default_executor_) default_executor_ = std::make_shared<ThreadPoolExecutor>();
    return *default_executor_;
}

void EventLoop::set_default_executor(std::shared_ptr<Executor> executor) {
    default_executor_ = std::move(executor);
}

Coro<void> EventLoop::shutdown_default_executor(std::optional<Nanoseconds> timeout) {
    executor_shut_down_ = true;
    if (!default_executor_) co_return;
    // Joining blocks, so a thread does it; it owns what it needs, should this await be cancelled.
    std::shared_ptr<Executor> executor = std::exchange(default_executor_, nullptr);
    const concurrent::Future<bool> ended;
    static_cast<void>(ended.set_running_or_notify_cancel());  // cannot be cancelled any more
    std::thread([executor = std::move(executor), ended,
                 span = timeout.value_or(Nanoseconds::max())] {
        ended.set_result(executor->shutdown_within(span));
    }).detach();
    Future<bool> joined = wrap_future(ended);
    if (!co_await joined) {
        log(LogLevel::warning,
            "The executor did not finish joining its threads within its timeout");
    }
}

}  // namespace weft
