// SPDX-License-Identifier: Apache-2.0
// Only a coroutine, or a function marked as a wrapper, may hand on a Coro.
#include <weft/runtime/coro.hpp>

weft::Coro<int> one() { co_return 1; }

weft::Coro<int> forwards() { return one(); }
