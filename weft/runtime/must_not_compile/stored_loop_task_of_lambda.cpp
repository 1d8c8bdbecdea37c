// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/event_loop.hpp>

weft::Coro<void> start(weft::EventLoop& loop) {
    int count = 0;
    const auto task = loop.create_task([&]() -> weft::Coro<void> {
        ++count;
        co_return;
    }());
    co_await task;
}
