// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/inspect.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <unistd.h>

#include <weft/base/time.hpp>
#include <weft/runtime/debug_table.hpp>
#include <weft/runtime/descriptor_names.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future_state.hpp>
#include <weft/runtime/op.hpp>
#include <weft/runtime/post.hpp>
#include <weft/runtime/promise.hpp>
#include <weft/runtime/task_state.hpp>

namespace weft {
namespace {

using internal::FutureBase;
using internal::FutureKind;
using internal::JoinBase;
using internal::OpDetail;
using internal::TaskBase;

// ---- capture

// A gather of gathers of gathers: beyond that nobody reads.
constexpr int joins_nested_max = 8;

SourcePlace place_of(const std::source_location& at) {
    return {at.function_name(), at.file_name(), at.line(), at.column(), false};
}

SourcePlace place_of(const internal::PromiseBase& frame) {
    SourcePlace place = place_of(frame.where);
    place.library = frame.transparent && is_library_file(place.file);
    return place;
}

class Capture {
public:
    explicit Capture(EventLoop& loop) : now_(loop.time()) {
        for (const TaskBase& task : loop.tasks()) tasks_.emplace(&task, task.id());
        for (const TaskBase& task : loop.tasks()) found_.push_back(info_of(task));
        link_awaiters(found_);
    }
    [[nodiscard]] std::vector<TaskInfo> result() { return std::move(found_); }

private:
    [[nodiscard]] TaskInfo info_of(const TaskBase& task) {
        TaskInfo info;
        info.id = task.id();
        info.name = task.name();
        info.parent_id = task.parent_id();
        info.state = static_cast<TaskState>(task.state());
        info.made_at = place_of(task.made_at);
        info.age = task.last_step().age_at(now_);
        if (const internal::PromiseBase* frame = task.leaf()) {
            for (; frame; frame = frame->parent) info.await_chain.push_back(place_of(*frame));
        } else if (const internal::PromiseBase* root = task.root()) {
            info.await_chain.push_back(place_of(*root));
        }
        if (task.future_kind() == FutureKind::member) info.awaited_by.push_back(task.parent_id());
        if (const internal::Op* op = task.waiting_for()) {
            info.waits_for = op->name();
            add_detail(info, *op);
        }
        return info;
    }

    void add_detail(TaskInfo& info, const internal::Op& op) {
        const auto* at = reinterpret_cast<const std::byte*>(&op) + op.kind().offset;
        switch (op.kind().detail) {
            case OpDetail::none:
                break;
            case OpDetail::future:
                add_awaited(info, internal::awaited_by(op));
                break;
            case OpDetail::descriptor:
                info.waits_on = descriptors_.of(*reinterpret_cast<const int*>(at));
                break;
            case OpDetail::object:
                info.waits_on = address_as_text(*reinterpret_cast<const std::uintptr_t*>(at));
                break;
            case OpDetail::deadline:
                info.left =
                    std::max(*reinterpret_cast<const TimePoint*>(at) - now_, Nanoseconds::zero());
                break;
        }
    }

    void add_awaited(TaskInfo& info, const FutureBase* future) const {
        if (future->is_task()) {
            info.waits_for = "task '" + static_cast<const TaskBase*>(future)->name() + "'";
        } else if (future->future_kind() == FutureKind::join) {
            const auto& join = static_cast<const JoinBase&>(*future);
            info.waits_for = join.label();
            if (join.owns_members()) info.waits_for += " of " + std::to_string(join.member_count());
        }
        add_tasks_of(info, future, joins_nested_max);
    }

    void add_tasks_of(TaskInfo& info, const FutureBase* future, int depth) const {
        if (const auto at = tasks_.find(future); at != tasks_.end()) {
            info.awaits.push_back(at->second);
        } else if (depth > 0 && future->future_kind() == FutureKind::join) {
            const auto& join = static_cast<const JoinBase&>(*future);
            for (std::size_t i = 0; i < join.member_count(); ++i) {
                const FutureBase* member = join.member(i);
                // What a shield() had may be gone: it is compared, not looked into.
                if ((member && join.owns_members()) || tasks_.contains(member)) {
                    add_tasks_of(info, member, depth - 1);
                }
            }
        }
    }

    TimePoint now_;
    internal::DescriptorNames descriptors_;
    std::unordered_map<const FutureBase*, std::uint64_t> tasks_;
    std::vector<TaskInfo> found_;
};

// ---- the tree

constexpr std::size_t tree_depth_max = 64;  // deeper ones go on at the left margin
constexpr std::size_t alike_shown_max = 4;
constexpr std::size_t left_column_max = 56;
constexpr Nanoseconds told_from = std::chrono::seconds(1);  // an age

std::size_t width_of(std::string_view utf8) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class Tree {
public:
    Tree(std::span<const TaskInfo> tasks, const TreeOptions& options)
        : tasks_(tasks), options_(options), drawn_(tasks.size()), below_(tasks.size()) {
        for (std::size_t i = 0; i < tasks.size(); ++i) index_.emplace(tasks[i].id, i);
        std::vector<bool> has_place(tasks.size());
        for (std::size_t i = 0; i < tasks.size(); ++i) place_below_awaiters(i, has_place);
        for (std::size_t i = 0; i < tasks.size(); ++i) place_below_maker(i, has_place);
        std::vector<Edge> roots;
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            if (!has_place[i]) roots.push_back({i, true});
        }
        draw_roots(roots);
        // Rings of tasks that await each other, and what was too deep.
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            if (!drawn_[i]) draw_task(i, "", "", 0);
        }
    }

    [[nodiscard]] std::string text() const {
        std::size_t column = 0;
        for (const Line& line : lines_) {
            const std::size_t width = width_of(line.left);
            if (width <= left_column_max) column = std::max(column, width);
        }
        std::string text;
        for (const Line& line : lines_) {
            text += line.left;
            if (!line.right.empty()) {
                const std::size_t width = width_of(line.left);
                text.append(width < column ? column - width + 2 : 2, ' ');
                text += line.right;
            }
            text += '\n';
        }
        return text;
    }

private:
    struct Edge {
        std::size_t task;
        bool awaited;
    };
    struct Line {
        std::string left;
        std::string right;
    };

    void place_below_awaiters(std::size_t i, std::vector<bool>& has_place) {
        for (const std::uint64_t id : tasks_[i].awaited_by) {
            const auto at = index_.find(id);
            if (at == index_.end() || at->second == i) continue;
            below_[at->second].push_back({i, true});
            has_place[i] = true;
        }
    }
    void place_below_maker(std::size_t i, std::vector<bool>& has_place) {
        if (has_place[i]) return;
        const auto at = index_.find(tasks_[i].parent_id);
        // Makers are older, so this makes no ring.
        if (at == index_.end() || tasks_[at->second].id >= tasks_[i].id) return;
        below_[at->second].push_back({i, false});
        has_place[i] = true;
    }

    // What tasks that do the same have in common.
    [[nodiscard]] std::string pattern_of(const Edge& edge) const {
        const TaskInfo& task = tasks_[edge.task];
        std::string pattern = edge.awaited ? "a" : "m";
        pattern += to_string(task.state);
        pattern += task.waits_for;
        for (const SourcePlace& place : task.await_chain) pattern += '\n' + to_string(place);
        return pattern;
    }

    // Those of which so many do the same that only the first is drawn: how many more there are.
    [[nodiscard]] std::map<std::size_t, std::size_t> fold(std::vector<Edge>& edges) {
        std::map<std::size_t, std::size_t> more;
        if (options_.everything || edges.size() <= alike_shown_max) return more;
        std::map<std::string, std::vector<std::size_t>> alike;
        for (const Edge& edge : edges) {
            if (below_[edge.task].empty()) alike[pattern_of(edge)].push_back(edge.task);
        }
        std::vector<bool> hidden(tasks_.size());
        for (const auto& [pattern, members] : alike) {
            if (members.size() <= alike_shown_max) continue;
            more[members.front()] = members.size() - 1;
            for (std::size_t k = 1; k < members.size(); ++k) hidden[members[k]] = true;
        }
        std::erase_if(edges, [&](const Edge& edge) {
            if (hidden[edge.task]) drawn_[edge.task] = true;
            return hidden[edge.task];
        });
        return more;
    }

    void draw_roots(std::vector<Edge>& roots) {
        const auto more = fold(roots);
        for (const Edge& root : roots) {
            draw_task(root.task, "", "", 0);
            draw_more(more, root.task, "");
        }
    }

    void draw_more(const std::map<std::size_t, std::size_t>& more, std::size_t task,
                   const std::string& margin) {
        const auto at = more.find(task);
        if (at == more.end()) return;
        lines_.push_back({margin + "… and " + std::to_string(at->second) + " more tasks like " +
                              tasks_[task].name,
                          ""});
    }

    [[nodiscard]] static std::string doing(const TaskInfo& task) {
        const std::string age =
            task.age.value_or(Nanoseconds::zero()) < told_from ? "" : to_string(*task.age);
        if (task.state == TaskState::running && !age.empty()) return "running for " + age;
        if (task.state != TaskState::waiting) return to_string(task.state);
        std::string text = "waits " + (age.empty() ? "" : age + " ") + "for " +
                           (task.waits_for.empty() ? "something" : task.waits_for);
        if (!task.waits_on.empty()) text += " on " + task.waits_on;
        if (task.left) text += ", " + to_string(*task.left) + " left";
        return text;
    }

    // `head` precedes the name, `margin` all lines below it.
    void draw_task(std::size_t i, const std::string& head, const std::string& margin,
                   std::size_t depth) {
        const TaskInfo& task = tasks_[i];
        if (drawn_[i]) {
            lines_.push_back({head + task.name, "(see its other place)"});
            return;
        }
        drawn_[i] = true;
        lines_.push_back({head + task.name, doing(task)});
        std::vector<Edge>& below = below_[i];
        const bool goes_on = !below.empty() && depth < tree_depth_max;
        draw_frames(task, margin + (goes_on ? "│   " : "    "));
        if (!goes_on) return;

        const auto more = fold(below);
        for (std::size_t k = 0; k < below.size(); ++k) {
            const Edge edge = below[k];
            const bool last = k + 1 == below.size();
            const bool folded = more.contains(edge.task);
            const char* branch = edge.awaited ? (last && !folded ? "└── " : "├── ")
                                              : (last && !folded ? "└┄┄ " : "├┄┄ ");
            draw_task(edge.task, margin + branch, margin + (last && !folded ? "    " : "│   "),
                      depth + 1);
            draw_more(more, edge.task, margin + (last ? "└── " : "├── "));
        }
    }

    void draw_frames(const TaskInfo& task, const std::string& margin) {
        const bool only_library = std::ranges::all_of(task.await_chain, &SourcePlace::library);
        for (std::size_t k = task.await_chain.size(); k-- > 0;) {
            const SourcePlace& place = task.await_chain[k];
            if (place.library && !only_library && !options_.everything) continue;
            lines_.push_back(
                {margin + short_function_name(place.function), to_string(place, options_.strip)});
        }
    }

    std::span<const TaskInfo> tasks_;
    const TreeOptions& options_;
    std::unordered_map<std::uint64_t, std::size_t> index_;
    std::vector<bool> drawn_;
    std::vector<std::vector<Edge>> below_;
    std::vector<Line> lines_;
};

// ---- names

// Calls `visit` for each place in the text that is outside all brackets.
template <class F>
void for_each_outside(std::string_view text, F visit) {
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '(' || c == '<' || c == '[' || c == '{') ++depth;
        if (depth == 0) visit(i);
        if ((c == ')' || c == '>' || c == ']' || c == '}') && depth > 0) --depth;
    }
}

// One part between two "::".
std::string_view plain_part(std::string_view part) {
    if (part.starts_with("(anonymous class)") || part.starts_with("(lambda") ||
        part.starts_with("<lambda")) {
        return "(lambda)";
    }
    if (part.starts_with("(anonymous namespace)") || part.starts_with("{anonymous}")) return "";
    if (part.starts_with("operator()")) return part.substr(0, 10);
    const std::size_t parameters = part.find('(');
    return part.substr(0, parameters);
}

// ---- dumping

void write_dump(EventLoop& loop) {
    const std::vector<TaskInfo> tasks = capture_call_graph(loop);
    const std::string folder = common_folder(tasks);
    std::string text = "weft: " + std::to_string(tasks.size()) +
                       (tasks.size() == 1 ? " task" : " tasks") + " in thread " +
                       std::to_string(gettid()) + " of process " + std::to_string(getpid());
    if (!folder.empty()) text += ", files below " + folder;
    text += '\n' + format_task_tree(tasks, {.strip = folder});
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

void dump_other_loop(EventLoop& loop) {
    if (&loop == internal::running_loop) return;
    static_cast<void>(internal::post(*loop.inbox(), [] { write_dump(get_running_loop()); }));
}

}  // namespace

const char* to_string(TaskState state) noexcept {
    switch (state) {
        case TaskState::ready:
            return "ready";
        case TaskState::running:
            return "running";
        case TaskState::waiting:
            return "waiting";
        case TaskState::done:
            return "done";
    }
    return "?";
}

std::vector<TaskInfo> capture_call_graph(EventLoop& loop) { return Capture(loop).result(); }
std::vector<TaskInfo> capture_call_graph() { return capture_call_graph(get_running_loop()); }

void link_awaiters(std::vector<TaskInfo>& tasks) {
    std::unordered_map<std::uint64_t, std::size_t> index;
    for (std::size_t i = 0; i < tasks.size(); ++i) index.emplace(tasks[i].id, i);
    for (TaskInfo& task : tasks) {
        // A TaskGroup's owner may wait for something else just now; it awaits its tasks all the
        // same.
        for (const std::uint64_t owner : task.awaited_by) {
            if (const auto at = index.find(owner); at != index.end()) {
                tasks[at->second].awaits.push_back(task.id);
            }
        }
    }
    for (TaskInfo& task : tasks) {
        std::ranges::sort(task.awaits);
        const auto twice = std::ranges::unique(task.awaits);
        task.awaits.erase(twice.begin(), twice.end());
        for (const std::uint64_t id : task.awaits) {
            const auto at = index.find(id);
            if (at == index.end()) continue;
            std::vector<std::uint64_t>& awaiters = tasks[at->second].awaited_by;
            if (std::ranges::find(awaiters, task.id) == awaiters.end()) {
                awaiters.push_back(task.id);
            }
        }
    }
}

std::string format_task_tree(std::span<const TaskInfo> tasks, const TreeOptions& options) {
    return Tree(tasks, options).text();
}

void print_call_graph(std::FILE* to) {
    const std::vector<TaskInfo> tasks = capture_call_graph();
    const std::string text = format_task_tree(tasks, {.strip = common_folder(tasks)});
    std::fwrite(text.data(), 1, text.size(), to);
}

void dump_tasks() noexcept {
    try {
        if (internal::running_loop) write_dump(*internal::running_loop);
        internal::OpenLoops::for_each(dump_other_loop);
    } catch (...) {
        std::fputs("weft: the tasks cannot be written: out of memory\n", stderr);
    }
}

std::string short_function_name(const std::string& function) {
    std::string_view text = function;
    // What follows the parameters: " const", " [T = int]", " noexcept".
    std::size_t name_from = 0;
    std::size_t name_to = text.size();
    bool in_name = false;
    for_each_outside(text, [&](std::size_t i) {
        if (text[i] != ' ') return;
        const std::string_view rest = text.substr(i + 1);
        if (in_name || rest.starts_with('[') || rest.starts_with("const") ||
            rest.starts_with("noexcept")) {
            name_to = std::min(name_to, i);
            in_name = true;
        } else {
            name_from = i + 1;
        }
    });
    text = text.substr(name_from, name_to - name_from);
    text.remove_prefix(std::min(text.find_first_not_of("*&"), text.size()));

    std::vector<std::string_view> parts;
    std::size_t from = 0;
    for_each_outside(text, [&](std::size_t i) {
        if (i < from || !text.substr(i).starts_with("::")) return;
        parts.push_back(text.substr(from, i - from));
        from = i + 2;
    });
    parts.push_back(text.substr(from));

    std::string name;
    std::string_view before;
    for (const std::string_view part : parts) {
        const std::string_view plain = plain_part(part);
        if (plain.empty() || (before == "(lambda)" && plain == "operator()")) continue;
        if (!name.empty()) name += "::";
        name += plain;
        before = plain;
    }
    return name.empty() ? function : name;
}

std::string common_folder(std::span<const TaskInfo> tasks) {
    std::string common;
    bool first = true;
    for (const TaskInfo& task : tasks) {
        for (const SourcePlace& place : task.await_chain) {
            if (place.library || place.file.empty()) continue;
            const std::string folder = place.file.substr(0, place.file.rfind('/') + 1);
            if (std::exchange(first, false)) {
                common = folder;
                continue;
            }
            const auto ends = std::ranges::mismatch(common, folder);
            common.erase(ends.in1, common.end());
            common.erase(common.rfind('/') + 1);
        }
    }
    return common == "/" ? "" : common;
}

std::string to_string(const SourcePlace& place, const std::string& strip) {
    if (place.file.empty()) return "?";
    const bool strips = !strip.empty() && place.file.starts_with(strip);
    return place.file.substr(strips ? strip.size() : 0) + ':' + std::to_string(place.line);
}

std::string address_as_text(std::uint64_t address) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(address));
    return text.data();
}

std::string to_string(Nanoseconds span) {
    struct Unit {
        const char* name;
        std::int64_t ns;
    };
    constexpr std::array units = {Unit{"d", 86'400'000'000'000}, Unit{"h", 3'600'000'000'000},
                                  Unit{"min", 60'000'000'000}, Unit{"s", 1'000'000'000}};
    const std::int64_t ns = span.count();
    const auto whole = [](std::int64_t count, const Unit& unit) {
        return std::to_string(count / unit.ns) + " " + unit.name;
    };
    for (std::size_t i = 0; i + 1 < units.size(); ++i) {
        if (ns < units[i].ns) continue;
        return whole(ns, units[i]) + " " + whole(ns % units[i].ns, units[i + 1]);
    }
    if (ns < units.back().ns) return std::to_string(ns / 1'000'000) + " ms";
    const std::int64_t tenth = units.back().ns / 10;
    const std::int64_t tenths = (ns + tenth / 2) / tenth;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

const SourcePlace* innermost_place(const TaskInfo& task) noexcept {
    const auto own = std::ranges::find(task.await_chain, false, &SourcePlace::library);
    if (own != task.await_chain.end()) return &*own;
    return task.await_chain.empty() ? nullptr : &task.await_chain.front();
}

bool is_library_file(std::string_view file) noexcept {
    for (const std::string_view folder : {"weft/runtime/", "weft/io/", "weft/tls/", "weft/http/"}) {
        if (file.find(folder) != std::string_view::npos) return !file.ends_with("_test.cpp");
    }
    return false;
}

}  // namespace weft
