// SPDX-License-Identifier: Apache-2.0
// A timeout that is moved while there is progress.
#include <chrono>
#include <vector>

#include <fmt/core.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/timeout.hpp>

using namespace std::chrono_literals;
using weft::Coro;

Coro<void> download(std::vector<std::chrono::milliseconds> pauses, weft::Timeout& limit) {
    auto& loop = weft::get_running_loop();
    for (const auto pause : pauses) {
        co_await weft::sleep(pause);
        fmt::print("a piece came\n");
        limit.reschedule(loop.time() + 100ms);
    }
}

Coro<void> async_main() {
    auto limit = weft::timeout(100ms);
    try {
        std::vector<std::chrono::milliseconds> pauses{60ms, 60ms, 60ms, 10s};
        co_await weft::with_async(limit, download(pauses, limit));
    } catch (const weft::TimeoutError&) {
        fmt::print("no piece for a while{}\n", limit.expired() ? ", expired" : "?");
    }

    try {
        co_await weft::wait_for(weft::sleep(10s), 10ms);
    } catch (const weft::TimeoutError&) {
        fmt::print("one await alone: wait_for()\n");
    }
}

int main() { return weft::main_of(async_main); }
