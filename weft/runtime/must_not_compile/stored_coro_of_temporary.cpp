// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <weft/runtime/coro.hpp>

weft::Coro<void> keeps(const std::string& text) {
    static_cast<void>(text);
    co_return;
}

weft::Coro<void> waits() {
    auto stored = keeps(std::string("gone before the coroutine runs"));
    co_await std::move(stored);
}
