// SPDX-License-Identifier: Apache-2.0
// apps/weft/remote_tasks.hpp - the tasks of another process, as it runs.
//
// The process is not stopped, so all that is read may be half changed, freed, or something else by
// now. Whatever is read is checked against what must hold (a node's neighbour links back to it, a
// frame belongs to its task), what does not is read again, and every walk has a limit. What is
// shown of a single task was true at one moment; two tasks may be shown at different moments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <apps/weft/process.hpp>

#include <weft/runtime/inspect.hpp>

namespace weft::app {

struct RemoteLoop {
    int thread = 0;  // 0 while nobody runs it
    std::string thread_name;
    char thread_state = '?';
    std::string backend;  // what it stands on, such as "epoll"
    std::uint64_t ready_count = 0;
    std::uint64_t timer_count = 0;
    std::vector<TaskInfo> tasks;
    /// Its tasks came and went faster than they could be read: some may be missing.
    bool incomplete = false;
};

struct Snapshot {
    int pid = 0;
    std::string program;
    std::string release;  // of the weft inside
    std::uint32_t version = 0;
    std::vector<RemoteLoop> loops;
};

/// Errors: Failed.
/// Cost:   some 10 microseconds for each task; the process is not slowed.
/// Limits: 1024 loops, 1 Mi tasks in each, 512 frames for each task, 1024 bytes of each text.
[[nodiscard]] Snapshot take_snapshot(const Process& process);

}  // namespace weft::app
