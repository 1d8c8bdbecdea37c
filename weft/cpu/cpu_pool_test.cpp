// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/cpu_pool.hpp>

#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>

#include <weft/runtime/executor.hpp>
#include <weft/testing/fork.hpp>

namespace weft {
namespace {

using testing::in_fork;

TEST(CpuPool, is_one_for_all_who_ask_at_the_same_time) {
    std::vector<ThreadPoolExecutor*> found(8);
    {
        std::vector<std::jthread> threads;
        for (auto& each : found) threads.emplace_back([&each] { each = &default_cpu_pool(); });
    }
    for (const auto* each : found) EXPECT_EQ(each, &default_cpu_pool());
}

TEST(CpuPool, has_a_thread_for_each_processor_that_the_process_may_run_on) {
    EXPECT_EQ(default_cpu_pool().max_workers(), cpu_count());
    EXPECT_EQ(&default_cpu_pool(), &default_cpu_pool());
    EXPECT_EQ(in_fork([] {
                  cpu_set_t one;
                  CPU_ZERO(&one);
                  CPU_SET(0, &one);
                  if (::sched_setaffinity(0, sizeof one, &one) != 0) return 2;
                  return cpu_count() == 1 ? 0 : 1;
              }),
              0);
}

TEST(CpuPool, the_child_of_a_fork_gets_one_of_its_own) {
    ThreadPoolExecutor* const parents = &default_cpu_pool();
    EXPECT_EQ(in_fork([&] { return &default_cpu_pool() != parents ? 0 : 1; }), 0);
    EXPECT_EQ(&default_cpu_pool(), parents);
}

}  // namespace
}  // namespace weft
