// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/cpu_pool.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>

#include <sched.h>
#include <unistd.h>

#include <weft/runtime/executor.hpp>

namespace weft {

std::size_t cpu_count() noexcept {
    cpu_set_t allowed;
    // Fails where there are more than the 1,024 that it has room for.
    if (::sched_getaffinity(::getpid(), sizeof allowed, &allowed) == 0) {
        return static_cast<std::size_t>(CPU_COUNT(&allowed));
    }
    return std::max(1u, std::thread::hardware_concurrency());
}

namespace {

struct DefaultPool {
    const int process = ::getpid();  // whose threads it has
    ThreadPoolExecutor threads{cpu_count(), "weft_cpu"};
};

}  // namespace

ThreadPoolExecutor& default_cpu_pool() {
    // Without a lock, which a fork could leave locked, and never destroyed: a thread may still ask for
    // it while the process ends.
    static constinit std::atomic<DefaultPool*> newest = nullptr;
    DefaultPool* pool = newest.load(std::memory_order_acquire);
    while (!pool || pool->process != ::getpid()) {
        auto another = std::make_unique<DefaultPool>();  // which has no thread yet
        if (newest.compare_exchange_strong(pool, another.get(), std::memory_order_acq_rel)) {
            pool = another.release();
        }
    }
    return pool->threads;
}

}  // namespace weft
