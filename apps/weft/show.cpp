// SPDX-License-Identifier: Apache-2.0
#include <apps/weft/show.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <apps/weft/remote_tasks.hpp>

#include <weft/base/time.hpp>
#include <weft/runtime/inspect.hpp>

namespace weft::app {
namespace {

std::string count_of(std::uint64_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string common_folder_of(const Snapshot& snapshot) {
    std::vector<TaskInfo> all;
    for (const RemoteLoop& loop : snapshot.loops) {
        all.insert(all.end(), loop.tasks.begin(), loop.tasks.end());
    }
    return common_folder(all);
}

std::string title(const Snapshot& snapshot, const std::string& folder) {
    std::size_t tasks = 0;
    for (const RemoteLoop& loop : snapshot.loops) tasks += loop.tasks.size();
    std::string text = snapshot.program + ", process " + std::to_string(snapshot.pid) + ", weft " +
                       snapshot.release + ": " + count_of(tasks, "task") + " in " +
                       count_of(snapshot.loops.size(), "loop") + "\n";
    if (!folder.empty()) text += "files below " + folder + "\n";
    return text;
}

std::string notes(const Snapshot& snapshot) {
    if (std::ranges::none_of(snapshot.loops, &RemoteLoop::incomplete)) return "";
    return "\nSome tasks came and went, or ran, faster than they could be read: what is shown of "
           "them "
           "is not all.\n";
}

const char* thread_state(char state) {
    switch (state) {
        case 'R':
            return "on a processor";
        case 'S':
            return "asleep";
        case 'D':
            return "waits for a disk";
        case 'T':
        case 't':
            return "stopped";
        default:
            return "";
    }
}

std::string about(const RemoteLoop& loop) {
    std::string text;
    if (loop.thread == 0) {
        text = "loop on " + loop.backend + " that nobody runs";
    } else {
        text = "loop on " + loop.backend + " of thread " + std::to_string(loop.thread) + " '" +
               loop.thread_name + "'";
        const std::string state = thread_state(loop.thread_state);
        if (!state.empty()) text += ", " + state;
    }
    return text + ": " + count_of(loop.tasks.size(), "task") + ", " +
           std::to_string(loop.ready_count) + " ready to run, " +
           count_of(loop.timer_count, "timer");
}

// ---- the table

using Row = std::array<std::string, 10>;

std::size_t width_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(
        utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

Row row_of(const RemoteLoop& loop, const TaskInfo& task, const std::string& folder,
           const std::unordered_map<std::uint64_t, const TaskInfo*>& by_id) {
    const SourcePlace* place = innermost_place(task);
    std::string awaiters;
    for (const std::uint64_t id : task.awaited_by) {
        if (!awaiters.empty()) awaiters += ",";
        const auto at = by_id.find(id);
        awaiters += at == by_id.end() ? std::to_string(id) : at->second->name;
    }
    return {loop.thread == 0 ? "-" : std::to_string(loop.thread),
            std::to_string(task.id),
            task.name,
            to_string(task.state),
            task.age ? to_string(*task.age) : "-",
            or_dash(task.waits_for),
            task.left ? to_string(*task.left) + " left" : or_dash(task.waits_on),
            or_dash(awaiters),
            place ? or_dash(short_function_name(place->function)) : "-",
            place ? to_string(*place, folder) : "-"};
}

std::string lay_out(const std::vector<Row>& rows) {
    std::array<std::size_t, std::tuple_size_v<Row>> widths{};
    // One very long name must not push all others off the screen.
    constexpr std::size_t column_max = 40;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], std::min(width_of(row[i]), column_max));
        }
    }
    std::string text;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::size_t width = width_of(row[i]);
            const std::size_t padding = widths[i] > width ? widths[i] - width : 0;
            const bool number = i < 2;
            if (number) text.append(padding, ' ');
            text += row[i];
            if (i + 1 == row.size()) break;
            if (!number) text.append(padding, ' ');
            text += "  ";
        }
        text += '\n';
    }
    return text;
}

// ---- JSON

void add_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", c);
            out += escape.data();
        } else {
            out += c;
        }
    }
    out += '"';
}

void add_member(std::string& out, const char* key, std::string_view text) {
    out += std::string("\"") + key + "\": ";
    add_string(out, text);
}
void add_member(std::string& out, const char* key, std::uint64_t number) {
    out += std::string("\"") + key + "\": " + std::to_string(number);
}

void add_seconds(std::string& out, const char* key, const std::optional<Nanoseconds>& span) {
    out += std::string("\"") + key +
           "\": " + (span ? std::to_string(std::chrono::duration<double>(*span).count()) : "null");
}

void add_place(std::string& out, const SourcePlace& place) {
    out += '{';
    add_member(out, "function", place.function);
    out += ", ";
    add_member(out, "file", place.file);
    out += ", ";
    add_member(out, "line", place.line);
    out += ", ";
    add_member(out, "column", place.column);
    out += std::string(", \"library\": ") + (place.library ? "true" : "false") + "}";
}

void add_ids(std::string& out, const char* key, const std::vector<std::uint64_t>& ids) {
    out += std::string("\"") + key + "\": [";
    for (std::size_t i = 0; i < ids.size(); ++i) {
        out += (i > 0 ? ", " : "") + std::to_string(ids[i]);
    }
    out += ']';
}

void add_task(std::string& out, const TaskInfo& task) {
    out += "      {";
    add_member(out, "id", task.id);
    out += ", ";
    add_member(out, "name", task.name);
    out += ", ";
    add_member(out, "state", to_string(task.state));
    out += ", ";
    add_member(out, "waits_for", task.waits_for);
    out += ", ";
    add_member(out, "waits_on", task.waits_on);
    out += ", ";
    add_seconds(out, "age", task.age);
    out += ", ";
    add_seconds(out, "left", task.left);
    out += ", ";
    add_member(out, "parent", task.parent_id);
    out += ", ";
    add_ids(out, "awaits", task.awaits);
    out += ", ";
    add_ids(out, "awaited_by", task.awaited_by);
    out += ",\n       \"await_chain\": [";
    for (std::size_t i = 0; i < task.await_chain.size(); ++i) {
        if (i > 0) out += ",\n                       ";
        add_place(out, task.await_chain[i]);
    }
    out += "],\n       \"made_at\": ";
    add_place(out, task.made_at);
    out += '}';
}

void add_loop(std::string& out, const RemoteLoop& loop) {
    out += "    {";
    add_member(out, "thread", static_cast<std::uint64_t>(loop.thread));
    out += ", ";
    add_member(out, "thread_name", loop.thread_name);
    out += ", ";
    add_member(out, "thread_state", std::string_view(&loop.thread_state, 1));
    out += ", ";
    add_member(out, "backend", loop.backend);
    out += ", ";
    add_member(out, "ready", loop.ready_count);
    out += ", ";
    add_member(out, "timers", loop.timer_count);
    out += std::string(", \"incomplete\": ") + (loop.incomplete ? "true" : "false");
    out += ", \"tasks\": [";
    for (std::size_t i = 0; i < loop.tasks.size(); ++i) {
        out += i > 0 ? ",\n" : "\n";
        add_task(out, loop.tasks[i]);
    }
    out += "]}";
}

}  // namespace

std::string as_table(const Snapshot& snapshot) {
    const std::string folder = common_folder_of(snapshot);
    std::vector<Row> rows = {{"THREAD", "TASK", "NAME", "STATE", "AGE", "WAITS FOR", "ON",
                              "AWAITED BY", "FUNCTION", "WHERE"}};
    for (const RemoteLoop& loop : snapshot.loops) {
        std::unordered_map<std::uint64_t, const TaskInfo*> by_id;
        for (const TaskInfo& task : loop.tasks) by_id.emplace(task.id, &task);
        for (const TaskInfo& task : loop.tasks) rows.push_back(row_of(loop, task, folder, by_id));
    }
    return title(snapshot, folder) + "\n" + lay_out(rows) + notes(snapshot);
}

std::string as_tree(const Snapshot& snapshot, bool everything) {
    const std::string folder = common_folder_of(snapshot);
    std::string text = title(snapshot, folder);
    for (const RemoteLoop& loop : snapshot.loops) {
        text += "\n" + about(loop) + "\n" +
                format_task_tree(loop.tasks, {.everything = everything, .strip = folder});
    }
    return text + notes(snapshot);
}

std::string as_json(const Snapshot& snapshot) {
    std::string out = "{";
    add_member(out, "pid", static_cast<std::uint64_t>(snapshot.pid));
    out += ", ";
    add_member(out, "program", snapshot.program);
    out += ", ";
    add_member(out, "weft", snapshot.release);
    out += ", ";
    add_member(out, "table_version", snapshot.version);
    out += ", \"loops\": [";
    for (std::size_t i = 0; i < snapshot.loops.size(); ++i) {
        out += i > 0 ? ",\n" : "\n";
        add_loop(out, snapshot.loops[i]);
    }
    return out + "]}\n";
}

}  // namespace weft::app
