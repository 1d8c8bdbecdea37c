// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/async_generator.hpp>

weft::Coro<void> waits(int to) {
    auto numbers = [to]() -> weft::AsyncGenerator<int> {
        for (int i = 0; i < to; ++i) co_yield i;
    }();
    co_await numbers.next();
}
