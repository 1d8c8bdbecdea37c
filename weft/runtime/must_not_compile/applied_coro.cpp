// SPDX-License-Identifier: Apache-2.0
#include <tuple>

#include <weft/runtime/coro.hpp>

weft::Coro<int> twice(int value) { co_return 2 * value; }

weft::Coro<int> waits() { co_return co_await std::apply(twice, std::tuple(1)); }
