// SPDX-License-Identifier: Apache-2.0
// A request is cancelled; what it had begun to save is saved all the same.
#include <string>
#include <vector>

#include <fmt/core.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/shield.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/wait.hpp>

using namespace std::chrono_literals;
using weft::Coro;

Coro<std::string> save(std::string order) {
    fmt::print("saving {}\n", order);
    co_await weft::sleep(30ms);
    co_return order + " is saved";
}

Coro<void> request(weft::Task<std::string> saving) {
    try {
        co_await weft::shield(saving);
    } catch (const weft::CancelledError&) {
        fmt::print("the client went away\n");
        throw;
    }
}

Coro<void> async_main() {
    auto saving = weft::create_task(save("order 17"));
    auto asking = weft::create_task(request(saving));
    co_await weft::sleep(10ms);

    asking.cancel();
    co_await weft::wait(std::vector{asking});
    fmt::print("{}\n", asking.cancelled() ? "the request was cancelled" : "?");
    fmt::print("{}\n", co_await saving);
}

int main() { return weft::main_of(async_main); }
