// SPDX-License-Identifier: Apache-2.0
// apps/weft/show.hpp - a snapshot of a process, as people and as programs read it.
#pragma once

#include <string>

#include <apps/weft/remote_tasks.hpp>

namespace weft::app {

/// A line for each task, of all loops.
[[nodiscard]] std::string as_table(const Snapshot& snapshot);
/// A tree for each loop. `everything`: see TreeOptions.
[[nodiscard]] std::string as_tree(const Snapshot& snapshot, bool everything);
/// One object, with everything that was read.
[[nodiscard]] std::string as_json(const Snapshot& snapshot);

}  // namespace weft::app
