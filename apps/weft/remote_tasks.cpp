// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/remote_tasks.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <apps/weft/process.hpp>

#include <weft/base/time.hpp>
#include <weft/runtime/coarse_time.hpp>
#include <weft/runtime/debug_table.hpp>
#include <weft/runtime/descriptor_names.hpp>
#include <weft/runtime/inspect.hpp>
#include <weft/runtime/op.hpp>

namespace weft::app {
namespace {

using internal::OpDetail;

constexpr std::size_t loops_max = 1024;
constexpr std::size_t tasks_max = 1024 * 1024;
constexpr std::size_t frames_max = 512;
constexpr std::size_t text_bytes_max = 1024;
constexpr std::size_t members_max = 4096;
constexpr int joins_nested_max = 8;
constexpr std::size_t object_bytes_max = 4096;  // an object larger than this is not ours
constexpr int list_retries_max = 5000;
constexpr int task_retries_max = 20;

constexpr std::uint8_t kind_join = 1;
constexpr std::uint8_t kind_task = 2;
constexpr std::uint8_t kind_member = 3;

// A copy of one object of the process.
class Object {
public:
    Object() = default;
    Object(const Process& process, std::uint64_t address, std::uint32_t size)
        : address_(address), bytes_(size) {
        if (!process.read(address, bytes_)) bytes_.clear();
    }
    [[nodiscard]] explicit operator bool() const noexcept { return !bytes_.empty(); }
    [[nodiscard]] std::uint64_t address() const noexcept { return address_; }

    /// A field; zero where the object has none.
    template <class T>
    [[nodiscard]] T get(std::uint64_t offset) const noexcept {
        T value{};
        if (offset <= bytes_.size() && sizeof(T) <= bytes_.size() - offset) {
            std::memcpy(&value, bytes_.data() + offset, sizeof(T));
        }
        return value;
    }
    [[nodiscard]] std::uint64_t pointer(std::uint64_t offset) const noexcept {
        return get<std::uint64_t>(offset);
    }

private:
    std::uint64_t address_ = 0;
    std::vector<std::byte> bytes_;
};

weft_debug_table read_table(const Process& process, std::uint64_t address) {
    weft_debug_table table{};
    const std::string where = "process " + std::to_string(process.pid());
    if (!process.read(address, std::as_writable_bytes(std::span(&table, 1))) ||
        std::string_view(table.magic, sizeof table.magic) !=
            std::string_view("weft\0\0\0\0", sizeof table.magic)) {
        throw Failed(ExitCode::unreadable, where + " has a weft_debug that is no table of weft's");
    }
    table.release[sizeof table.release - 1] = '\0';
    if (table.version != weft_debug_version) {
        throw Failed(ExitCode::version_differs, where + " has weft " + printable(table.release) +
                                                    " with version " +
                                                    std::to_string(table.version) +
                                                    " of the debug table, and this command knows "
                                                    "version " +
                                                    std::to_string(weft_debug_version) +
                                                    ": use the weft command of that release");
    }
    for (const std::uint32_t size :
         {table.future.size, table.task.size, table.join.size, table.extras.size, table.op.size,
          table.op_kind.size, table.promise.size, table.location.size}) {
        if (size == 0 || size > object_bytes_max) {
            throw Failed(ExitCode::unreadable, where + " has a damaged weft_debug");
        }
    }
    return table;
}

// Reads the tasks of all loops that hang on one table.
class Reader {
public:
    Reader(const Process& process, std::uint64_t table_at, const weft_debug_table& table,
           internal::DescriptorNames& descriptors)
        : process_(process), table_at_(table_at), table_(table), descriptors_(descriptors) {}

    [[nodiscard]] std::vector<RemoteLoop> loops() {
        std::vector<RemoteLoop> loops;
        std::unordered_set<std::uint64_t> seen;
        std::uint64_t loop = 0;
        static_cast<void>(
            process_.read_into(reinterpret_cast<std::uint64_t>(table_.open_loops), loop));
        while (loop != 0 && loops.size() < loops_max && seen.insert(loop).second) {
            loops.push_back(read_loop(loop));
            std::uint64_t next = 0;
            if (!process_.read_into(loop + table_.loop.next, next)) break;
            loop = next;
        }
        std::ranges::reverse(loops);  // the youngest is at the front
        return loops;
    }

private:
    RemoteLoop read_loop(std::uint64_t loop) {
        RemoteLoop found;
        std::int32_t thread = 0;
        static_cast<void>(process_.read_into(loop + table_.loop.thread, thread));
        static_cast<void>(process_.read_into(loop + table_.loop.ready_count, found.ready_count));
        static_cast<void>(process_.read_into(loop + table_.loop.timer_count, found.timer_count));
        std::uint64_t backend = 0;
        static_cast<void>(process_.read_into(loop + table_.loop.backend, backend));
        found.backend = text(backend);
        bool is_real_time = false;
        static_cast<void>(process_.read_into(loop + table_.loop.real_time, is_real_time));
        is_real_time_ = is_real_time;
        if (thread > 0) {
            found.thread = thread;
            Process::Thread about = process_.thread(thread);
            found.thread_name = std::move(about.name);
            found.thread_state = about.state;
        }
        ids_.clear();
        for (const Object& task : list_tasks(loop, found.incomplete)) {
            ids_.emplace(task.address(), task.get<std::uint64_t>(table_.task.id));
        }
        for (const auto& [address, id] : ids_) {
            if (auto info = read_task(address, id, found.incomplete)) {
                found.tasks.push_back(std::move(*info));
            }
        }
        std::ranges::sort(found.tasks, {}, &TaskInfo::id);
        // An address that was used twice while the list was read.
        const auto twice = std::ranges::unique(found.tasks, {}, &TaskInfo::id);
        found.tasks.erase(twice.begin(), twice.end());
        link_awaiters(found.tasks);
        return found;
    }

    // ---- the list of tasks

    [[nodiscard]] Object task_at_node(std::uint64_t node) const {
        return {process_, node - table_.task.node, table_.task.size};
    }
    [[nodiscard]] std::uint64_t node_of(const Object& task) const noexcept {
        return task.address() + table_.task.node;
    }
    [[nodiscard]] bool is_linked(const Object& task, std::uint64_t loop,
                                 std::uint64_t previous) const noexcept {
        return task && task.pointer(table_.task.node + table_.node.previous) == previous &&
               is_task(task, loop);
    }
    [[nodiscard]] bool is_task(const Object& task, std::uint64_t loop) const noexcept {
        const auto kind = task.get<std::uint8_t>(table_.future.kind);
        return (kind == kind_task || kind == kind_member) &&
               task.get<std::uint8_t>(table_.task.state) <= 3 &&
               task.pointer(table_.future.loop) == loop;
    }

    // Walks from node to node. Where a node is not linked to the one before any more, goes back to
    // that, and on from there.
    std::vector<Object> list_tasks(std::uint64_t loop, bool& incomplete) const {
        const std::uint64_t root = loop + table_.loop.tasks;
        std::vector<Object> tasks;
        std::unordered_set<std::uint64_t> seen;
        int retries = 0;
        while (tasks.size() < tasks_max && retries < list_retries_max) {
            std::uint64_t next = 0;
            if (tasks.empty()) {
                if (!process_.read_into(root + table_.node.next, next)) break;
            } else {
                next = tasks.back().pointer(table_.task.node + table_.node.next);
            }
            if (next == root) return tasks;
            Object task = task_at_node(next);
            const std::uint64_t previous = tasks.empty() ? root : node_of(tasks.back());
            if (is_linked(task, loop, previous) && !seen.contains(task.address())) {
                seen.insert(task.address());
                tasks.push_back(std::move(task));
                continue;
            }
            ++retries;
            step_back(tasks, seen, loop, root);
        }
        incomplete = true;
        return tasks;
    }
    void step_back(std::vector<Object>& tasks, std::unordered_set<std::uint64_t>& seen,
                   std::uint64_t loop, std::uint64_t root) const {
        while (!tasks.empty()) {
            const std::uint64_t last = node_of(tasks.back());
            seen.erase(tasks.back().address());
            tasks.pop_back();
            Object again = task_at_node(last);
            const std::uint64_t previous = tasks.empty() ? root : node_of(tasks.back());
            if (!is_linked(again, loop, previous)) continue;
            seen.insert(again.address());
            tasks.push_back(std::move(again));
            return;
        }
    }

    // ---- one task

    // The fields that change as it runs, to tell whether it did.
    [[nodiscard]] bool same_moment(const Object& a, const Object& b) const noexcept {
        return a && b &&
               a.get<std::uint64_t>(table_.task.id) == b.get<std::uint64_t>(table_.task.id) &&
               a.get<std::uint8_t>(table_.task.state) == b.get<std::uint8_t>(table_.task.state) &&
               a.pointer(table_.future.extras) == b.pointer(table_.future.extras) &&
               a.pointer(table_.task.op) == b.pointer(table_.task.op) &&
               a.pointer(table_.task.leaf) == b.pointer(table_.task.leaf);
    }

    std::optional<TaskInfo> read_task(std::uint64_t address, std::uint64_t id, bool& incomplete) {
        std::optional<TaskInfo> last;
        for (int i = 0; i < task_retries_max; ++i) {
            const Object task(process_, address, table_.task.size);
            if (!task || task.get<std::uint64_t>(table_.task.id) != id) return std::nullopt;
            if (task.get<std::uint8_t>(table_.task.state) >= 3) return std::nullopt;
            TaskInfo info;
            const bool whole = read_task_at_once(task, info);
            const Object again(process_, address, table_.task.size);
            if (whole && same_moment(task, again)) return info;
            last = std::move(info);
        }
        // It runs so fast that no moment can be caught: its name and root are true all the same.
        incomplete = true;
        if (last) {
            last->state = TaskState::running;
            last->waits_for.clear();
            last->waits_on.clear();
            last->age.reset();
            last->left.reset();
            last->await_chain.clear();
            last->awaits.clear();
        }
        return last;
    }

    bool read_task_at_once(const Object& task, TaskInfo& info) {
        info.id = task.get<std::uint64_t>(table_.task.id);
        info.parent_id = task.get<std::uint64_t>(table_.task.parent_id);
        info.state = static_cast<TaskState>(task.get<std::uint8_t>(table_.task.state));
        info.made_at = location(task.pointer(table_.future.made_at));
        info.name = name_of(task);
        if (is_real_time_) {
            info.age = task.get<internal::CoarseTime>(table_.task.last_step).age_at(now());
        }
        if (task.get<std::uint8_t>(table_.future.kind) == kind_member) {
            info.awaited_by.push_back(info.parent_id);
        }
        if (info.state == TaskState::running) {
            const std::uint64_t root = task.pointer(table_.task.root);
            const Object frame(process_, root + table_.promise.in_frame, table_.promise.size);
            if (!frame || frame.pointer(table_.promise.task) != task.address()) return false;
            info.await_chain.push_back(place_of(frame));
            return true;
        }
        if (info.state == TaskState::waiting && !read_wait(task.pointer(table_.task.op), info)) {
            return false;
        }
        return read_chain(task, info);
    }

    bool read_chain(const Object& task, TaskInfo& info) {
        std::uint64_t frame_at = task.pointer(table_.task.leaf);
        while (frame_at != 0 && info.await_chain.size() < frames_max) {
            const Object frame(process_, frame_at, table_.promise.size);
            if (!frame || frame.pointer(table_.promise.task) != task.address()) return false;
            info.await_chain.push_back(place_of(frame));
            frame_at = frame.pointer(table_.promise.parent);
        }
        return true;
    }

    SourcePlace place_of(const Object& frame) {
        SourcePlace place = location(frame.pointer(table_.promise.where));
        place.library = frame.get<bool>(table_.promise.transparent) && is_library_file(place.file);
        return place;
    }

    bool read_wait(std::uint64_t op_at, TaskInfo& info) {
        const Object op(process_, op_at, table_.op.size);
        if (!op) return false;
        const Kind& kind =
            kind_at(table_at_ +
                    static_cast<std::uint64_t>(std::int64_t{op.get<std::int32_t>(table_.op.kind)}));
        if (kind.name.empty()) return false;
        info.waits_for = kind.name;
        return read_detail(op_at + kind.offset, kind.detail, info);
    }

    bool read_detail(std::uint64_t at, OpDetail detail, TaskInfo& info) {
        std::uint64_t pointer = 0;
        std::int32_t descriptor = -1;
        TimePoint deadline;
        switch (detail) {
            case OpDetail::none:
                return true;
            case OpDetail::future:
                return process_.read_into(at, pointer) && read_awaited(pointer, info);
            case OpDetail::descriptor:
                if (!process_.read_into(at, descriptor)) return false;
                info.waits_on = printable(descriptors_.of(descriptor));
                return true;
            case OpDetail::object:
                if (!process_.read_into(at, pointer)) return false;
                info.waits_on = address_as_text(pointer);
                return true;
            case OpDetail::deadline:
                if (!process_.read_into(at, deadline)) return false;
                if (is_real_time_) info.left = std::max(deadline - now(), Nanoseconds::zero());
                return true;
        }
        return false;  // none of ours
    }

    bool read_awaited(std::uint64_t future_at, TaskInfo& info) {
        const Object future(process_, future_at, table_.future.size);
        if (!future) return false;
        const auto kind = future.get<std::uint8_t>(table_.future.kind);
        if (kind == kind_task || kind == kind_member) {
            const Object task(process_, future_at, table_.task.size);
            info.waits_for = "task '" + name_of(task) + "'";
            if (!same_moment(task, Object(process_, future_at, table_.task.size))) return false;
        } else if (kind == kind_join) {
            const Object join(process_, future_at, table_.join.size);
            if (!join) return false;
            info.waits_for = text(join.pointer(table_.join.label));
            if (info.waits_for.empty()) return false;
            const auto count = join.get<std::uint32_t>(table_.join.count);
            if (info.waits_for != "shield") info.waits_for += " of " + std::to_string(count);
        }
        add_tasks_of(future_at, info, joins_nested_max);
        return true;
    }

    void add_tasks_of(std::uint64_t future_at, TaskInfo& info, int depth) const {
        if (const auto at = ids_.find(future_at); at != ids_.end()) {
            info.awaits.push_back(at->second);
            return;
        }
        const Object join(process_, future_at, table_.join.size);
        if (depth == 0 || info.awaits.size() > members_max || !join ||
            join.get<std::uint8_t>(table_.future.kind) != kind_join) {
            return;
        }
        const std::uint64_t members = join.pointer(table_.join.members);
        const auto stride = join.get<std::uint32_t>(table_.join.stride);
        const auto count =
            std::min<std::size_t>(join.get<std::uint32_t>(table_.join.count), members_max);
        for (std::size_t i = 0; i < count; ++i) {
            std::uint64_t member = 0;
            if (!process_.read_into(members + i * stride, member)) return;
            add_tasks_of(member, info, depth - 1);
        }
    }

    std::string name_of(const Object& task) const {
        const std::uint64_t id = task.get<std::uint64_t>(table_.task.id);
        std::string name = "Task-" + std::to_string(id);
        const std::uint64_t extras_at = task.pointer(table_.future.extras);
        if (extras_at == 0) return name;
        const Object extras(process_, extras_at, table_.extras.size);
        const std::uint64_t name_at = extras.pointer(table_.extras.name);
        const auto length = extras.get<std::uint64_t>(table_.extras.name_length);
        if (name_at == 0 || length > text_bytes_max) return name;
        static_cast<void>(process_.read_text_of_length(name_at, length, name));
        return name;
    }

    // Of a loop on real time. After what it is compared with was read, which goes on meanwhile.
    [[nodiscard]] static TimePoint now() noexcept {
        return TimePoint(std::chrono::steady_clock::now().time_since_epoch());
    }

    // ---- constants, which are read once

    struct Kind {
        std::string name;  // empty when it is none
        OpDetail detail = OpDetail::none;
        std::uint32_t offset = 0;
    };
    const Kind& kind_at(std::uint64_t address) {
        if (const auto at = kinds_.find(address); at != kinds_.end()) return at->second;
        Kind kind;
        if (process_.is_from_file(address, table_.op_kind.size)) {
            const Object object(process_, address, table_.op_kind.size);
            kind.name = text(object.pointer(table_.op_kind.name));
            kind.detail = object.get<OpDetail>(table_.op_kind.detail);
            kind.offset = object.get<std::uint32_t>(table_.op_kind.offset);
        }
        return kinds_.emplace(address, std::move(kind)).first->second;
    }

    SourcePlace location(std::uint64_t address) {
        if (const auto at = places_.find(address); at != places_.end()) return at->second;
        SourcePlace place;
        if (process_.is_from_file(address, table_.location.size)) {
            const Object object(process_, address, table_.location.size);
            place.file = text(object.pointer(table_.location.file));
            place.function = text(object.pointer(table_.location.function));
            place.line = object.get<std::uint32_t>(table_.location.line);
            place.column = object.get<std::uint32_t>(table_.location.column);
        }
        return places_.emplace(address, std::move(place)).first->second;
    }

    std::string text(std::uint64_t address) const {
        std::string text;
        if (process_.is_from_file(address, 1)) {
            static_cast<void>(process_.read_text(address, text_bytes_max, text));
        }
        return text;
    }

    const Process& process_;
    std::uint64_t table_at_;
    const weft_debug_table& table_;
    internal::DescriptorNames& descriptors_;
    bool is_real_time_ = false;                             // the loop at hand: its clock is known
    std::unordered_map<std::uint64_t, std::uint64_t> ids_;  // of the loop's tasks, by address
    std::unordered_map<std::uint64_t, Kind> kinds_;
    std::unordered_map<std::uint64_t, SourcePlace> places_;
};

}  // namespace

Snapshot take_snapshot(const Process& process) {
    const std::vector<std::uint64_t> tables = process.find_tables();
    if (tables.empty()) {
        throw Failed(ExitCode::not_weft,
                     process.mappings().empty()
                         ? "process " + std::to_string(process.pid()) +
                               " has no memory: it belongs to the kernel, or has ended"
                         : "process " + std::to_string(process.pid()) + " (" + process.name() +
                               ") is no weft program: it has no weft_debug");
    }
    Snapshot snapshot;
    snapshot.pid = process.pid();
    snapshot.program = process.name();
    internal::DescriptorNames descriptors(process.pid());
    // A program and its libraries may each have a weft of their own.
    for (const std::uint64_t address : tables) {
        const weft_debug_table table = read_table(process, address);
        snapshot.release = printable(table.release);
        snapshot.version = table.version;
        for (RemoteLoop& loop : Reader(process, address, table, descriptors).loops()) {
            snapshot.loops.push_back(std::move(loop));
        }
    }
    return snapshot;
}

}  // namespace weft::app
