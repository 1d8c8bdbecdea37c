// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/coro.hpp>

weft::Coro<void> waits(int value) {
    auto stored = [value]() -> weft::Coro<void> {
        static_cast<void>(value);
        co_return;
    }();
    co_await std::move(stored);
}
