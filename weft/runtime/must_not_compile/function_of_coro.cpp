// SPDX-License-Identifier: Apache-2.0
// CoroFunction is what can hold one.
#include <functional>

#include <weft/runtime/coro.hpp>

weft::Coro<int> twice(int value) { co_return 2 * value; }

weft::Coro<int> waits() {
    const std::function<weft::Coro<int>(int)> call = twice;
    co_return co_await call(1);
}
