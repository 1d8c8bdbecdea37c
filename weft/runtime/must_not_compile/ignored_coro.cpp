// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/coro.hpp>

weft::Coro<void> nothing() { co_return; }

weft::Coro<void> forgets() {
    nothing();
    co_return;
}
