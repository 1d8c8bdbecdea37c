// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <weft/runtime/gather.hpp>

weft::Coro<void> waits(std::vector<weft::Coro<int>>& coros) { co_await weft::gather(coros); }
