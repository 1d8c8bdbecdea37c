// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/task_group.hpp>

weft::Coro<void> start(weft::TaskGroup& group) {
    int count = 0;
    const auto task = group.create_task([&]() -> weft::Coro<void> {
        ++count;
        co_return;
    }());
    co_await task;
}
