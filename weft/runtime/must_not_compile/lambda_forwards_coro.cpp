// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/coro.hpp>

weft::Coro<int> one() { co_return 1; }

weft::Coro<int> waits() {
    const auto forwards = [] { return one(); };
    co_return co_await forwards();
}
