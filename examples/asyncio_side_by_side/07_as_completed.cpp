// SPDX-License-Identifier: Apache-2.0
// Results in the order in which they come, not in which they were asked for.
#include <string>
#include <vector>

#include <fmt/core.h>

#include <weft/base/exceptions.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/as_completed.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>

using namespace std::chrono_literals;
using weft::Coro;

Coro<std::string> visit(std::string name, weft::Delay pause) {
    co_await weft::sleep(pause);
    if (name == "Rome") {
        throw weft::ValueError("all roads are closed");
    }
    co_return "greetings from " + name;
}

Coro<void> async_main() {
    std::vector visits{
        weft::create_task(visit("Lima", 60ms)),
        weft::create_task(visit("Oslo", 20ms)),
        weft::create_task(visit("Rome", 40ms)),
    };
    auto completed = weft::as_completed(visits);
    while (auto visited = co_await completed.next()) {
        try {
            fmt::print("{}\n", visited->result());
        } catch (const weft::ValueError& error) {
            fmt::print("no greetings: {}\n", error.what());
        }
    }
}

int main() { return weft::main_of(async_main); }
