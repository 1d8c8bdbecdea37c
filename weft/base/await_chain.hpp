// SPDX-License-Identifier: Apache-2.0
// weft/base/await_chain.hpp - what a traceback is to Python: the awaits that an error came through.
#pragma once

#include <source_location>
#include <string>
#include <vector>

namespace weft {

/// The `co_await`s that an error came through, the one nearest to its origin first.
using AwaitChain = std::vector<std::source_location>;

/// A line "  at function (file:line)" for each.
[[nodiscard]] std::string format_await_chain(const AwaitChain& chain);

}  // namespace weft
