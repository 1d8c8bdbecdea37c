// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include <weft/runtime/coro.hpp>

weft::Coro<int> twice(int value) { co_return 2 * value; }

weft::Coro<int> waits() { co_return co_await std::bind_front(twice, 1)(); }
