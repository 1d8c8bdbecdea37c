// SPDX-License-Identifier: Apache-2.0
// A producer and two consumers; the end is Queue::shutdown().
#include <string>

#include <fmt/core.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>

using namespace std::chrono_literals;
using weft::Coro;

Coro<void> produce(weft::Queue<int>& queue) {
    for (int number = 0; number < 6; ++number) {
        co_await queue.put(number);
    }
    queue.shutdown();
}

Coro<void> consume(std::string name, weft::Delay pause, weft::Queue<int>& queue) {
    try {
        for (;;) {
            int number = co_await queue.get();
            co_await weft::sleep(pause);
            fmt::print("{}: {}\n", name, number);
        }
    } catch (const weft::QueueShutDown&) {
        fmt::print("{}: no more\n", name);
    }
}

Coro<void> async_main() {
    weft::Queue<int> queue(2);
    co_await weft::TaskGroup::scope([&](weft::TaskGroup& group) {
        group.create_task(produce(queue));
        group.create_task(consume("fast", 30ms, queue));
        group.create_task(consume("slow", 50ms, queue));
    });
    fmt::print("done\n");
}

int main() { return weft::main_of(async_main); }
