// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/cpu_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <thread>

#include <sched.h>
#include <unistd.h>

#include <weft/runtime/executor.hpp>

namespace weft {

std::size_t cpu_count() noexcept {
    cpu_set_t allowed;
    // Fails where there are more than the 1,024 that it has room for.
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        return static_cast<std::size_t>(CPU_COUNT(&allowed));
    }
    return std::max(1u, std::thread::hardware_concurrency());
}

ThreadPoolExecutor& default_cpu_pool() {
    // Never destroyed: a thread may still ask for it while the process ends.
    static std::mutex& mutex = *new std::mutex;
    static ThreadPoolExecutor* pool = nullptr;
    static int process = 0;  // whose threads they are
    const std::lock_guard lock(mutex);
    if (process != ::getpid()) {
        pool = new ThreadPoolExecutor(cpu_count(), "weft_cpu");
        process = ::getpid();
    }
    return *pool;
}

}  // namespace weft
