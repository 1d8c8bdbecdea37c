// SPDX-License-Identifier: Apache-2.0
// The program of the README, as it stands there.
// NOLINTBEGIN(misc-include-cleaner): users include the umbrella
#include <cstdio>

#include <weft/asyncio.hpp>

using namespace weft;
using namespace std::chrono_literals;

Coro<std::string> brew(std::string what, Delay time) {
    co_await sleep(time);
    co_return what + " is ready";
}

Coro<void> breakfast() {
    auto [tea, toast] = co_await gather(brew("tea", 2s), brew("toast", 1s));
    std::puts((tea + ", " + toast).c_str());

    try {
        co_await timeout(500ms, []() -> Coro<void> { co_await brew("coffee", 10s); });
    } catch (const TimeoutError&) {
        std::puts("no coffee today");
    }
}

int main() { return main_of(breakfast); }
// NOLINTEND(misc-include-cleaner)
