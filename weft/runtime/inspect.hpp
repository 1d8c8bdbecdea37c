// SPDX-License-Identifier: Apache-2.0
// weft/runtime/inspect.hpp - what every task waits for, where, and for whom: as data and as a tree.
//
// The same for the tasks of the running loop, and for those that `weft pstree PID` finds in another
// process: it fills the same structs and draws them with the same functions.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <weft/base/time.hpp>
#include <weft/runtime/event_loop.hpp>

namespace weft {

/// A place in a program's source.
struct SourcePlace {
    std::string function;  ///< as the compiler spells it; short_function_name() for people
    std::string file;      ///< empty when it is not known
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    bool library = false;  ///< a frame of weft's own, between two of the program
    friend bool operator==(const SourcePlace&, const SourcePlace&) = default;
};

enum class TaskState : std::uint8_t { ready, running, waiting, done };
[[nodiscard]] const char* to_string(TaskState state) noexcept;

struct TaskInfo {
    std::uint64_t id = 0;  ///< counts from 1 in each loop
    std::string name;
    std::uint64_t parent_id = 0;  ///< the task that made it, or in whose TaskGroup it is; 0: none
    TaskState state = TaskState::ready;
    /// While waiting: "sleep", "Lock.acquire", "TaskGroup", "gather of 3", "task 'Task-7'",
    /// "Future".
    std::string waits_for;
    /// Where that is: "127.0.0.1:80->127.0.0.1:40112", "/var/log/syslog", "process 17"; of a lock,
    /// event or queue its address. Empty where nothing is known, see DescriptorNames.
    std::string waits_on;
    /// How long ago it last began to run: so long it has waited, or has been running. As exact as
    /// the loop's looks at its clock are frequent, and to a millisecond; 52 days begin at 0 again.
    /// Empty for a loop of another process that has a clock of its own.
    std::optional<Nanoseconds> age;
    /// Of a sleep, with the same reservation: how long it still lasts.
    std::optional<Nanoseconds> left;
    /// Each `co_await` that it is in, innermost first. Of a running task only the outermost.
    std::vector<SourcePlace> await_chain;
    SourcePlace made_at;
    std::vector<std::uint64_t> awaits;  ///< ids of tasks, through gather(), wait(), shield() too
    std::vector<std::uint64_t> awaited_by;  ///< the other direction; the owner of its TaskGroup too
};

/// All tasks of the running loop that are not done, oldest first.
///
/// Errors: RuntimeError without a running loop.
/// Cost:   some microseconds for each task.
/// Spec:   asyncio.capture_call_graph, for all tasks at once.
[[nodiscard]] std::vector<TaskInfo> capture_call_graph();
/// The same of a loop.
/// Thread: the loop's.
[[nodiscard]] std::vector<TaskInfo> capture_call_graph(EventLoop& loop);

struct TreeOptions {
    /// Also shows weft's own frames, and each of many tasks side by side that do the same.
    bool everything = false;
    std::string strip = {};  ///< taken off the front of file names; see common_folder()
};

/// The tasks as a tree, each below one that awaits it, with the place of every `co_await` from the
/// outermost to the innermost. A task that nobody awaits stands below the one that made it, on a
/// dashed line; one that several await is drawn once, and named at the others. How long one has
/// waited, or has been running, is told from a second on.
[[nodiscard]] std::string format_task_tree(std::span<const TaskInfo> tasks,
                                           const TreeOptions& options = {});

/// Prints the tree of the running loop's tasks.
/// Errors: RuntimeError without a running loop.
/// Spec:   asyncio.print_call_graph, for all tasks at once.
void print_call_graph(std::FILE* to = stdout);

/// Writes the trees of all loops of the process to stderr: that of this thread's loop, when it
/// runs one, at once, those of other threads' loops when these get to it. A program under run()
/// does this when it gets SIGQUIT (Ctrl-\).
///
/// What a loop that is stuck in a callback would show, `weft pstree PID` shows from outside.
/// Thread: any; not in a signal handler.
void dump_tasks() noexcept;

// ---- for those who draw

/// "weft::Coro<int> fetch(std::string)" is "fetch"; "auto main()::(lambda)::operator()()" is
/// "main()::(lambda)".
[[nodiscard]] std::string short_function_name(const std::string& function);
/// The longest folder, with its slash, in which all files of the program's own places lie; empty
/// when there is none but the root.
[[nodiscard]] std::string common_folder(std::span<const TaskInfo> tasks);
/// "FILE:LINE" without `strip`; "?" where the place is not known.
[[nodiscard]] std::string to_string(const SourcePlace& place, const std::string& strip = {});
/// The place to show when there is room for one: the innermost of the program itself; null when
/// there is none.
[[nodiscard]] const SourcePlace* innermost_place(const TaskInfo& task) noexcept;
/// "0x55d0c8a3b2e0"
[[nodiscard]] std::string address_as_text(std::uint64_t address);
/// Two units at most: "12 ms", "3.2 s", "5 min 12 s", "2 h 3 min", "4 d 1 h".
[[nodiscard]] std::string to_string(Nanoseconds span);
/// Fills `awaited_by` from `awaits`; the entries for a TaskGroup's owner are there already.
void link_awaiters(std::vector<TaskInfo>& tasks);
/// Whether a transparent frame with this file name is one of weft's own.
[[nodiscard]] bool is_library_file(std::string_view file) noexcept;

}  // namespace weft
