// SPDX-License-Identifier: Apache-2.0
// Blocking code in threads, two at a time; context variables go along with to_thread().
#include <string>
#include <thread>

#include <fmt/core.h>

#include <weft/io/run.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/semaphore.hpp>

using namespace std::chrono_literals;
using weft::Coro;

weft::ContextVar<std::string> user("user", "nobody");

std::string report(int pages) {
    std::this_thread::sleep_for(10ms);
    return fmt::format("{} pages for {}", pages, user.get());
}

Coro<std::string> handle(std::string name, int pages, weft::Semaphore& two_at_a_time) {
    user.set(name);
    auto permit = co_await two_at_a_time.scoped();
    co_return co_await weft::to_thread(report, pages);
}

Coro<void> async_main() {
    weft::Semaphore two_at_a_time(2);
    auto [ada, ben, cleo] =
        co_await weft::gather(handle("Ada", 3, two_at_a_time), handle("Ben", 5, two_at_a_time),
                              handle("Cleo", 8, two_at_a_time));
    for (auto& text : {ada, ben, cleo}) {
        fmt::print("{}\n", text);
    }

    auto& loop = weft::get_running_loop();
    weft::ThreadPoolExecutor pool(1);
    fmt::print("{}\n", co_await loop.run_in_executor(&pool, report, 13));
}

int main() { return weft::main_of(async_main); }
