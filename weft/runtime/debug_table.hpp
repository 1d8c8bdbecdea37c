// SPDX-License-Identifier: Apache-2.0
// weft/runtime/debug_table.hpp - what another process must know to find the tasks of this one.
//
// `weft ps PID` reads the memory of a process that goes on running. It finds the one constant
// `weft_debug` in the ELF section .weft_debug of the program or of a library (or by its symbol,
// when the section headers are gone), and in it where the open loops hang, how large each object is
// and where its fields lie. Nothing is maintained for it: it describes what the runtime has anyway.
//
//   weft_debug ─open_loops─▶ EventLoop ─next─▶ EventLoop ─▶ null
//                               │tasks
//                               ▼
//                            TaskBase ⇄ TaskBase ⇄ …           a List, through its links
//                               │leaf                 │op
//                               ▼                     ▼
//                            PromiseBase ─parent─▶ …  Op ─kind─▶ its name, and where its detail is
//
// Every change of a field's meaning, or of an enumerator, raises `weft_debug_version`; a field
// that only moves does not.
#pragma once

#include <cstdint>

namespace weft {
class EventLoop;
}

inline constexpr std::uint32_t weft_debug_version = 3;

extern "C" {

/// All offsets are in bytes from the start of the object that the struct is named for.
struct weft_debug_table {  // NOLINT(readability-identifier-naming): a name for C
    char magic[8];         // "weft"
    std::uint32_t version;
    std::uint32_t table_size;            // of this struct
    char release[16];                    // of weft, as text
    weft::EventLoop* const* open_loops;  // where the pointer to the first open loop is
    struct {
        std::uint32_t size;
        std::uint32_t next;         // pointer to the next open loop
        std::uint32_t tasks;        // the list's own node: it links the last task and the first
        std::uint32_t current;      // pointer to the task that runs now
        std::uint32_t ready_count;  // uint64
        std::uint32_t timer_count;  // uint64
        std::uint32_t thread;       // int32, the kernel's number; 0 while nobody runs the loop
        std::uint32_t backend;      // pointer to text: what the loop stands on
        std::uint32_t real_time;    // bool: its clock is CLOCK_MONOTONIC
    } loop;
    struct {
        std::uint32_t previous;
        std::uint32_t next;
    } node;
    struct {
        std::uint32_t size;
        std::uint32_t loop;     // pointer
        std::uint32_t kind;     // uint8: 0 future, 1 join, 2 task, 3 task of a TaskGroup
        std::uint32_t made_at;  // std::source_location
        std::uint32_t extras;   // pointer, may be null
    } future;
    struct {
        std::uint32_t size;
        std::uint32_t node;       // of the loop's list
        std::uint32_t id;         // uint64
        std::uint32_t parent_id;  // uint64; 0 for none
        std::uint32_t state;      // uint8: 0 ready, 1 running, 2 waiting, 3 done
        std::uint32_t last_step;  // uint32: when it last ran, or was made; see CoarseTime
        std::uint32_t op;         // pointer
        std::uint32_t leaf;       // pointer to a promise
        std::uint32_t root;       // pointer to a frame; its promise lies `promise.in_frame` later
    } task;
    struct {
        std::uint32_t size;
        std::uint32_t label;    // pointer to text
        std::uint32_t members;  // pointer to the first pointer to a future
        std::uint32_t count;    // uint32
        std::uint32_t stride;   // uint32
    } join;
    struct {
        std::uint32_t size;
        std::uint32_t name;         // pointer to text; null for none
        std::uint32_t name_length;  // uint64
    } extras;
    struct {
        std::uint32_t size;
        std::uint32_t kind;  // int32: how far behind weft_debug its kind lies
    } op;
    struct {
        std::uint32_t size;
        std::uint32_t name;    // pointer to text
        std::uint32_t detail;  // uint32: what tells where it waits. 0 nothing, 1 a pointer to a
                               // future, 2 a descriptor (int32), 3 a pointer to a lock or its like,
                               // 4 a deadline (int64, ns)
        std::uint32_t offset;  // uint32: of that in the operation
    } op_kind;
    struct {
        std::uint32_t size;
        std::uint32_t parent;       // pointer
        std::uint32_t task;         // pointer
        std::uint32_t where;        // std::source_location
        std::uint32_t transparent;  // bool
        std::uint32_t in_frame;     // of a promise in its frame
    } promise;
    /// A std::source_location is a pointer to this; null for none.
    struct {
        std::uint32_t size;
        std::uint32_t file;      // pointer to text
        std::uint32_t function;  // pointer to text
        std::uint32_t line;      // uint32
        std::uint32_t column;    // uint32
    } location;
};

/// In a section of its own, which a stripped program keeps.
[[gnu::section(".weft_debug"), gnu::visibility("default")]]
extern const weft_debug_table weft_debug;

}  // extern "C"

namespace weft::internal {

/// The loops of this process that are not closed.
/// Thread: any; each call takes a lock, which other processes do not see: they find a list that is
///         whole at each moment.
class OpenLoops {
public:
    static void add(EventLoop& loop) noexcept;
    static void remove(EventLoop& loop) noexcept;
    [[nodiscard]] static bool contains(const EventLoop* loop) noexcept;
    /// Calls `visit` with each, under the lock.
    static void for_each(void (*visit)(EventLoop& loop));
};

}  // namespace weft::internal
