// SPDX-License-Identifier: Apache-2.0
// Cleanup that waits: try_finally() and aexit() of a task that is cancelled.

#include <fmt/core.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/with_async.hpp>

using namespace std::chrono_literals;
using weft::Coro;

class Connection {
public:
    Coro<void> aenter() {
        fmt::print("connect\n");
        co_await weft::sleep(10ms);
    }

    Coro<bool> aexit(const weft::ExitReason& reason) {
        fmt::print("disconnect after {}\n",
                   reason.error ? weft::type_name(reason.error) : "success");
        co_await weft::sleep(10ms);
        co_return false;
    }
};

Coro<void> transfer() {
    Connection connection;
    co_await weft::with_async(connection, []() -> Coro<void> {
        fmt::print("begin\n");
        auto wait = []() -> Coro<void> { co_await weft::sleep(10s); };
        co_await weft::try_finally(wait, []() -> Coro<void> {
            co_await weft::sleep(10ms);
            fmt::print("roll back\n");
        });
    });
}

Coro<void> async_main() {
    auto task = weft::create_task(transfer());
    co_await weft::sleep(50ms);
    task.cancel();
    try {
        co_await task;
    } catch (const weft::CancelledError&) {
        fmt::print("the transfer was cancelled\n");
    }
}

int main() { return weft::main_of(async_main); }
