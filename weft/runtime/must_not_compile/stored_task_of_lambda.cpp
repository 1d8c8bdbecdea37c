// SPDX-License-Identifier: Apache-2.0
// A task of a lambda coroutine whose lambda is gone with the statement.
#include <weft/runtime/event_loop.hpp>

weft::Coro<void> start() {
    int count = 0;
    const auto task = weft::create_task([&]() -> weft::Coro<void> {
        ++count;
        co_return;
    }());
    co_await task;
}
