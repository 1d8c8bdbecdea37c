// SPDX-License-Identifier: Apache-2.0
// apps/weft/fetch/fetch.hpp - `weft fetch`: downloads, several at once.
#pragma once

#include <apps/weft/fetch/options.hpp>

#include <weft/runtime/coro.hpp>

namespace weft::app {

/// Downloads all, prints what becomes of each, and a table in the end.
///
/// Returns: the exit code, 0 or 1.
/// Errors:  UsageError   there can be no such folder.
/// Cancel:  safe; what has come stays to be resumed, and what was done is printed.
/// Lifetime: both must live until it has returned.
[[nodiscard]] Coro<int> fetch(const FetchOptions& options, const FetchArguments& arguments);

}  // namespace weft::app
