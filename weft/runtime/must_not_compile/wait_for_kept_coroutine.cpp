// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/timeout.hpp>

weft::Coro<void> waits(weft::Coro<int>& coro) { co_await weft::wait_for(coro, std::nullopt); }
