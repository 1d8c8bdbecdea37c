// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/event_loop.hpp>

weft::Coro<void> keeps(const int& value) {
    static_cast<void>(value);
    co_return;
}

weft::Coro<void> start() {
    const auto task = weft::create_task(keeps(1));
    co_await task;
}
