// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <weft/runtime/wait.hpp>

// As in Python, wait() takes tasks and futures, not coroutines.
weft::Coro<void> waits(std::vector<weft::Coro<void>> coroutines) {
    co_await weft::wait(std::move(coroutines));
}
