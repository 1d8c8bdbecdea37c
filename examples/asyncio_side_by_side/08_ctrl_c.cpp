// SPDX-License-Identifier: Apache-2.0
// Ctrl-C cancels async_main(), which cleans up; the exit code is 130. The program presses it
// itself.
#include <csignal>
#include <string>
#include <utility>

#include <fmt/core.h>

#include <weft/io/run.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/with_async.hpp>

using namespace std::chrono_literals;
using weft::Coro;

Coro<void> worker(std::string name) {
    auto work = []() -> Coro<void> { co_await weft::sleep(10s); };
    co_await weft::try_finally(work, [&] { fmt::print("{} stops\n", name); });
}

Coro<void> async_main() {
    auto& loop = weft::get_running_loop();
    loop.call_later(50ms, std::raise, SIGINT);
    auto serve = weft::TaskGroup::scope([](weft::TaskGroup& group) {
        group.create_task(worker("worker 1"));
        group.create_task(worker("worker 2"));
        fmt::print("serving\n");
    });
    co_await weft::try_finally(std::move(serve), []() -> Coro<void> {
        co_await weft::sleep(10ms);
        fmt::print("goodbye\n");
    });
}

int main() { return weft::main_of(async_main); }
