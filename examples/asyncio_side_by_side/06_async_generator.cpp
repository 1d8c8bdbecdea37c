// SPDX-License-Identifier: Apache-2.0
// An asynchronous generator that is left early, and closes with an await.
#include <exception>

#include <fmt/core.h>

#include <weft/io/run.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/sleep.hpp>

using namespace std::chrono_literals;
using weft::AsyncGenerator;
using weft::Coro;

AsyncGenerator<int> readings() {
    std::exception_ptr ending;
    try {
        int value = 20;
        for (;;) {
            co_await weft::sleep(10ms);
            co_yield value;
            value += 1;
        }
    } catch (...) {
        ending = std::current_exception();
    }
    co_await weft::sleep(10ms);
    fmt::print("the sensor is off\n");
    std::rethrow_exception(ending);
}

Coro<void> async_main() {
    co_await weft::aclosing(readings(), [](AsyncGenerator<int>& values) -> Coro<void> {
        while (auto value = co_await values.next()) {
            fmt::print("{} degrees\n", *value);
            if (*value == 22) break;
        }
    });
    fmt::print("done\n");
}

int main() { return weft::main_of(async_main); }
