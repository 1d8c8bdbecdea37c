// SPDX-License-Identifier: Apache-2.0
// A task that refers to a local of the function which starts it.
#include <weft/runtime/event_loop.hpp>

weft::Coro<void> count(int& value) {
    ++value;
    co_return;
}

weft::Task<void> start() {
    int local = 0;
    return weft::create_task(count(local));
}
