// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/exit_stack.hpp>

weft::Coro<void> waits() {
    weft::AsyncExitStack stack;
    co_await weft::with_async(stack, []() -> weft::Coro<int> { co_return 1; });
}
