// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/debug_table.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <source_location>

#include <weft/base/list.hpp>
#include <weft/base/ref.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/extras.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/ready_queue.hpp>
#include <weft/runtime/task_state.hpp>
#include <weft/runtime/timer_set.hpp>

namespace weft::internal {
namespace {

constinit std::mutex open_loops_mutex;
constinit EventLoop* first_open_loop = nullptr;

// What libstdc++ and libc++ make the compiler fill for std::source_location.
struct Location {
    const char* file;
    const char* function;
    std::uint32_t line;
    std::uint32_t column;
};
static_assert(sizeof(std::source_location) == sizeof(Location*));

}  // namespace

// Each store leaves the list whole for whoever reads it without the lock.
void OpenLoops::add(EventLoop& loop) noexcept {
    const std::lock_guard lock(open_loops_mutex);
    loop.next_open_ = first_open_loop;
    __atomic_store_n(&first_open_loop, &loop, __ATOMIC_RELEASE);
}

void OpenLoops::remove(EventLoop& loop) noexcept {
    const std::lock_guard lock(open_loops_mutex);
    EventLoop** link = &first_open_loop;
    while (*link && *link != &loop) link = &(*link)->next_open_;
    if (*link) __atomic_store_n(link, loop.next_open_, __ATOMIC_RELEASE);
}

bool OpenLoops::contains(const EventLoop* loop) noexcept {
    const std::lock_guard lock(open_loops_mutex);
    const EventLoop* at = first_open_loop;
    while (at && at != loop) at = at->next_open_;
    return at != nullptr;
}

void OpenLoops::for_each(void (*visit)(EventLoop& loop)) {
    const std::lock_guard lock(open_loops_mutex);
    for (EventLoop* loop = first_open_loop; loop; loop = loop->next_open_) visit(*loop);
}

struct DebugOffsets {
    static_assert(offsetof(TaskBase, loop_) == offsetof(FutureBase, loop_) &&
                      offsetof(JoinBase, loop_) == offsetof(FutureBase, loop_),
                  "a pointer to a future is one to the task or join that it is");
    static_assert(sizeof(std::size_t) == sizeof(std::uint64_t));
    static_assert(sizeof(Ref<FutureBase>) == sizeof(FutureBase*));

    static constexpr weft_debug_table table() noexcept {
        return {
            .magic = "weft",
            .version = weft_debug_version,
            .table_size = sizeof(weft_debug_table),
            .release = WEFT_RELEASE,
            .open_loops = &first_open_loop,
            .loop = {.size = sizeof(EventLoop),
                     .next = offsetof(EventLoop, next_open_),
                     .tasks = offsetof(EventLoop, tasks_),
                     .current = offsetof(EventLoop, current_),
                     .ready_count = offsetof(EventLoop, ready_) + offsetof(ReadyQueue, size_),
                     .timer_count = offsetof(EventLoop, timers_) + offsetof(TimerSet, size_),
                     .thread = offsetof(EventLoop, kernel_thread_),
                     .backend = offsetof(EventLoop, backend_name_),
                     .real_time = offsetof(EventLoop, is_real_time_)},
            .node = {.previous = offsetof(ListNode, prev_), .next = offsetof(ListNode, next_)},
            .future = {.size = sizeof(FutureBase),
                       .loop = offsetof(FutureBase, loop_),
                       .kind = offsetof(FutureBase, kind_),
                       .made_at = offsetof(FutureBase, made_at),
                       .extras = offsetof(FutureBase, extras_)},
            .task = {.size = sizeof(TaskBase),
                     .node = offsetof(TaskBase, next_) - offsetof(ListNode, next_),
                     .id = offsetof(TaskBase, id_),
                     .parent_id = offsetof(TaskBase, parent_id_),
                     .state = offsetof(TaskBase, state_),
                     .last_step = offsetof(TaskBase, last_step_),
                     .op = offsetof(TaskBase, op_),
                     .leaf = offsetof(TaskBase, leaf_),
                     .root = offsetof(TaskBase, root_)},
            .join = {.size = sizeof(JoinBase),
                     .label = offsetof(JoinBase, label_),
                     .members = offsetof(JoinBase, members_),
                     .count = offsetof(JoinBase, member_count_),
                     .stride = offsetof(JoinBase, member_stride_)},
            .extras = {.size = sizeof(Extras),
                       .name = offsetof(Extras, name_text),
                       .name_length = offsetof(Extras, name_length)},
            .op = {.size = sizeof(Op), .kind = offsetof(Op, kind_)},
            .op_kind = {.size = sizeof(OpKind),
                        .name = offsetof(OpKind, name),
                        .detail = offsetof(OpKind, detail),
                        .offset = offsetof(OpKind, offset)},
            .promise = {.size = sizeof(PromiseBase),
                        .parent = offsetof(PromiseBase, parent),
                        .task = offsetof(PromiseBase, task),
                        .where = offsetof(PromiseBase, where),
                        .transparent = offsetof(PromiseBase, transparent),
                        // Behind the two functions that a frame begins with.
                        .in_frame = 2 * sizeof(void*)},
            .location = {.size = sizeof(Location),
                         .file = offsetof(Location, file),
                         .function = offsetof(Location, function),
                         .line = offsetof(Location, line),
                         .column = offsetof(Location, column)},
        };
    }
};

}  // namespace weft::internal

[[gnu::used, gnu::retain]] constinit const weft_debug_table weft_debug =
    weft::internal::DebugOffsets::table();
