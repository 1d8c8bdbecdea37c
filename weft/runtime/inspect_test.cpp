// SPDX-License-Identifier: Apache-2.0
#include <weft/runtime/inspect.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/base/check.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/free_with.hpp>
#include <weft/base/time.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/capacity_limiter.hpp>
#include <weft/runtime/condition.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/shield.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/testing/virtual_loop.hpp>

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::VirtualLoop;

constexpr unsigned inner_awaits_at = __LINE__ + 2;
Coro<int> inner(Delay delay) {
    co_await sleep(delay);
    co_return 1;
}
constexpr unsigned outer_awaits_at = __LINE__ + 2;
Coro<int> outer(Delay delay) {
    const int one = co_await inner(delay);
    co_return one + 1;
}

const TaskInfo& named(const std::vector<TaskInfo>& tasks, const std::string& name) {
    const auto at = std::ranges::find(tasks, name, &TaskInfo::name);
    check(at != tasks.end(), "there is no such task");
    return *at;
}

std::vector<std::string> functions(const TaskInfo& task) {
    std::vector<std::string> names;
    for (const SourcePlace& place : task.await_chain) {
        if (!place.library) names.push_back(short_function_name(place.function));
    }
    return names;
}

using Names = std::vector<std::string>;
using Ids = std::vector<std::uint64_t>;

// Runs `scene` as the task "main", and looks at the tasks after some turns.
template <class T>
std::vector<TaskInfo> tasks_of(VirtualLoop& loop, Coro<T> scene, int turns = 2) {
    auto main = loop.loop().create_task(std::move(scene), {.name = "main"});
    for (int turn = 0; turn < turns; ++turn) loop.loop().run_one_turn();
    auto tasks = capture_call_graph(loop.loop());
    loop.loop().run_until_done(main);
    loop.settle();
    return tasks;
}

std::string tree_of(const std::vector<TaskInfo>& tasks) {
    // Lines move as this file is edited: the tests compare the rest.
    std::string text = format_task_tree(tasks, {.strip = common_folder(tasks)});
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        if (text[i] != ':' || i + 1 == text.size() || !std::isdigit(text[i + 1])) continue;
        while (std::isdigit(text[i + 1])) ++i;
        out += "N";
    }
    return out;
}

TEST(Inspect, tells_every_await_from_the_innermost_to_the_root) {
    VirtualLoop loop;
    const auto tasks = tasks_of(loop, outer(1s), 1);
    const TaskInfo& main = named(tasks, "main");
    EXPECT_EQ(main.state, TaskState::waiting);
    EXPECT_EQ(main.waits_for, "sleep");
    EXPECT_EQ(functions(main), Names({"weft::inner", "weft::outer"}));
    EXPECT_TRUE(main.await_chain[0].file.ends_with("inspect_test.cpp"));
    EXPECT_EQ(main.await_chain[0].line, inner_awaits_at);
    EXPECT_EQ(main.await_chain[1].line, outer_awaits_at);
    EXPECT_EQ(main.parent_id, 0u);
}

TEST(Inspect, tells_how_long_a_task_has_waited_and_how_long_it_still_sleeps) {
    VirtualLoop loop;
    std::vector<TaskInfo> tasks;
    loop.run([&]() -> Coro<void> {
        auto sleeping = create_task(outer(10s), {.name = "sleeping"});
        co_await sleep(3s);
        tasks = capture_call_graph();
        co_await sleeping;
    }());
    const TaskInfo& sleeping = named(tasks, "sleeping");
    EXPECT_EQ(to_string(sleeping.age.value()), "3.0 s");
    EXPECT_EQ(to_string(sleeping.left.value()), "7.0 s");
    // It has just begun to run.
    const TaskInfo& running = named(tasks, "Task-1");
    EXPECT_EQ(running.state, TaskState::running);
    EXPECT_EQ(to_string(running.age.value()), "0 ms");
    EXPECT_FALSE(running.left);
    EXPECT_NE(tree_of(tasks).find("waits 3.0 s for sleep, 7.0 s left"), std::string::npos)
        << tree_of(tasks);
}

TEST(Inspect, tells_for_which_lock_event_or_queue_a_task_waits) {
    VirtualLoop loop;
    Lock lock;
    Event event;
    Queue<int> queue;
    Semaphore semaphore(0);
    Condition condition;
    CapacityLimiter limiter(0);
    std::vector<TaskInfo> tasks;
    const auto wait_for_condition = [&]() -> Coro<void> {
        const auto held = co_await condition.scoped();
        co_await condition.wait();
    };
    const auto look = [&]() -> Coro<void> {
        co_await sleep(1s);
        tasks = capture_call_graph();
    };
    loop.run([&]() -> Coro<void> {
        co_await lock.acquire();
        auto looking = create_task(look);
        co_await move_on_after(2s, [&]() -> Coro<void> {
            co_await gather_or_cancel(lock.acquire(), event.wait(), queue.get(),
                                      semaphore.acquire(), limiter.acquire(), wait_for_condition());
        });
    }());
    const auto waits = [&](const char* for_what) {
        const auto at = std::ranges::find(tasks, for_what, &TaskInfo::waits_for);
        return at == tasks.end() ? "no task waits for " + std::string(for_what) : at->waits_on;
    };
    const auto address = [](const void* object) {
        return address_as_text(reinterpret_cast<std::uintptr_t>(object));
    };
    EXPECT_EQ(waits("Lock.acquire"), address(&lock));
    EXPECT_EQ(waits("Event.wait"), address(&event));
    EXPECT_EQ(waits("Semaphore.acquire"), address(&semaphore));
    EXPECT_EQ(waits("CapacityLimiter.acquire"), address(&limiter));
    EXPECT_EQ(waits("Condition.wait"), address(&condition));
    // Of a queue, the part that tasks wait at.
    EXPECT_TRUE(waits("Queue.get").starts_with("0x")) << waits("Queue.get");
}

TEST(Inspect, writes_spans_in_two_units_at_most) {
    EXPECT_EQ(to_string(Nanoseconds(0)), "0 ms");
    EXPECT_EQ(to_string(999ms), "999 ms");
    EXPECT_EQ(to_string(1s), "1.0 s");
    EXPECT_EQ(to_string(2'949ms), "2.9 s");
    EXPECT_EQ(to_string(2'950ms), "3.0 s");
    EXPECT_EQ(to_string(59'999ms), "60.0 s");
    EXPECT_EQ(to_string(60s), "1 min 0 s");
    EXPECT_EQ(to_string(2h + 3min + 59s), "2 h 3 min");
    EXPECT_EQ(to_string(99h), "4 d 3 h");
}

TEST(Inspect, links_a_task_to_the_one_that_awaits_it) {
    VirtualLoop loop;
    const auto tasks = tasks_of(
        loop, []() -> Coro<void> { co_await create_task(outer(1s), {.name = "child"}); }());
    const TaskInfo& main = named(tasks, "main");
    const TaskInfo& child = named(tasks, "child");
    EXPECT_EQ(main.waits_for, "task 'child'");
    EXPECT_EQ(main.awaits, Ids({child.id}));
    EXPECT_EQ(child.awaited_by, Ids({main.id}));
    EXPECT_EQ(child.parent_id, main.id);
}

TEST(Inspect, links_children_of_gather_wait_and_shield) {
    VirtualLoop loop;
    const auto tasks = tasks_of(loop, []() -> Coro<void> {
        auto a = create_task(inner(1s), {.name = "a"});
        auto b = create_task(inner(1s), {.name = "b"});
        auto c = create_task(inner(1s), {.name = "c"});
        auto waiting = create_task(
            [](Task<int> x, Task<int> y) -> Coro<void> { co_await wait(std::vector{x, y}); }(b, c),
            {.name = "waiting"});
        auto shielding = create_task([](Task<int> x) -> Coro<void> { co_await shield(x); }(c),
                                     {.name = "shielding"});
        co_await gather(gather(a, b), waiting, shielding);
    }());
    EXPECT_EQ(named(tasks, "main").waits_for, "gather of 3");
    EXPECT_EQ(named(tasks, "waiting").waits_for, "wait of 2");
    EXPECT_EQ(named(tasks, "shielding").waits_for, "shield");
    EXPECT_EQ(named(tasks, "a").awaited_by, Ids({named(tasks, "main").id}));
    EXPECT_EQ(named(tasks, "b").awaited_by,
              Ids({named(tasks, "main").id, named(tasks, "waiting").id}));
    EXPECT_EQ(named(tasks, "c").awaited_by,
              Ids({named(tasks, "waiting").id, named(tasks, "shielding").id}));
}

// Whoever made it, and while the body still runs.
TEST(Inspect, links_the_tasks_of_a_group_to_its_owner) {
    VirtualLoop loop;
    const auto tasks = tasks_of(loop, []() -> Coro<void> {
        co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            auto adding = [&group]() -> Coro<void> {
                group.create_task(inner(1s), {.name = "grandchild"});
                co_await sleep(1s);
            };
            group.create_task(adding, {.name = "child"});
            co_await sleep(1s);
        });
    }());
    const Ids main = {named(tasks, "main").id};
    EXPECT_EQ(named(tasks, "main").waits_for, "sleep");
    EXPECT_EQ(named(tasks, "child").awaited_by, main);
    EXPECT_EQ(named(tasks, "grandchild").awaited_by, main);
    EXPECT_EQ(named(tasks, "grandchild").parent_id, main.front());
}

TEST(Inspect, shows_the_root_frame_of_a_running_task) {
    VirtualLoop loop;
    std::vector<TaskInfo> tasks;
    loop.run([](std::vector<TaskInfo>& out) -> Coro<void> {
        co_await sleep(0s);
        out = capture_call_graph();
    }(tasks));
    ASSERT_EQ(tasks.size(), 1u);
    EXPECT_EQ(tasks[0].state, TaskState::running);
    EXPECT_EQ(tasks[0].waits_for, "");
    EXPECT_EQ(tasks[0].await_chain.size(), 1u);
}

TEST(Inspect, shows_where_an_unstarted_task_begins) {
    VirtualLoop loop;
    auto task = loop.loop().create_task(outer(1s));
    const auto tasks = capture_call_graph(loop.loop());
    EXPECT_EQ(tasks[0].name, "Task-1");
    EXPECT_EQ(tasks[0].state, TaskState::ready);
    EXPECT_EQ(functions(tasks[0]), Names({"weft::outer"}));
    loop.loop().run_until_done(task);
}

Coro<void> watch(Task<int> task) { co_await task; }
Coro<void> supervise() {
    auto logger = create_task(inner(2s), {.name = "logger"});
    co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
        group.create_task(outer(1s), {.name = "left"});
        auto right = group.create_task(inner(1s), {.name = "right"});
        group.create_task(watch(right), {.name = "watcher"});
        co_return;
    });
    co_await logger;
}

TEST(Inspect, draws_the_tree) {
    VirtualLoop loop;
    EXPECT_EQ(tree_of(tasks_of(loop, supervise())), R"(main                 waits for TaskGroup
│   weft::supervise  inspect_test.cpp:N
├── left             waits for sleep, 1.0 s left
│       weft::outer  inspect_test.cpp:N
│       weft::inner  inspect_test.cpp:N
├── right            waits for sleep, 1.0 s left
│       weft::inner  inspect_test.cpp:N
├── watcher          waits for task 'right'
│   │   weft::watch  inspect_test.cpp:N
│   └── right        (see its other place)
└┄┄ logger           waits for sleep, 2.0 s left
        weft::inner  inspect_test.cpp:N
)");
}

TEST(Inspect, prints_the_tree_of_the_running_loop) {
    const std::unique_ptr<std::FILE, FreeWith<std::fclose>> file(std::tmpfile());
    ASSERT_TRUE(file);
    EXPECT_THROW(print_call_graph(file.get()), RuntimeError);
    VirtualLoop loop;
    loop.loop().create_task(outer(1s), {.name = "sleeper"});
    loop.loop().call_later(1ms, [&] { print_call_graph(file.get()); });
    loop.settle();
    std::rewind(file.get());
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    EXPECT_EQ(text,
              "sleeper          waits for sleep, 999 ms left\n"
              "    weft::outer  inspect_test.cpp:" +
                  std::to_string(outer_awaits_at) +
                  "\n"
                  "    weft::inner  inspect_test.cpp:" +
                  std::to_string(inner_awaits_at) + "\n");
}

TEST(Inspect, folds_tasks_that_do_the_same) {
    VirtualLoop loop;
    const auto tasks = tasks_of(loop, []() -> Coro<void> {
        co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            for (int i = 0; i < 100; ++i) group.create_task(inner(1s));
            co_return;
        });
    }());
    EXPECT_EQ(std::ranges::count(format_task_tree(tasks), '\n'), 5);
    EXPECT_NE(format_task_tree(tasks).find("└── … and 99 more tasks like Task-2"),
              std::string::npos);
    EXPECT_GT(std::ranges::count(format_task_tree(tasks, {.everything = true}), '\n'), 200);
}

TEST(Inspect, draws_a_ring_of_tasks_once) {
    std::vector<TaskInfo> tasks(2);
    tasks[0].id = 1;
    tasks[0].name = "a";
    tasks[0].awaits = {2};
    tasks[1].id = 2;
    tasks[1].name = "b";
    tasks[1].awaits = {1};
    link_awaiters(tasks);
    EXPECT_EQ(tree_of(tasks),
              "a          ready\n"
              "└── b      ready\n"
              "    └── a  (see its other place)\n");
}

TEST(Inspect, draws_a_long_line_of_tasks_in_pieces) {
    std::vector<TaskInfo> tasks(100'000);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        tasks[i].id = i + 1;
        tasks[i].name = "t";
        if (i > 0) tasks[i].awaited_by = {i};
    }
    link_awaiters(tasks);
    EXPECT_EQ(std::ranges::count(format_task_tree(tasks), '\n'), 100'000);
}

TEST(Inspect, shortens_function_names) {
    EXPECT_EQ(short_function_name("Coro<int> app::S::t(T) [T = std::vector<int>]"), "app::S::t");
    EXPECT_EQ(short_function_name("auto app::S::m(std::vector<std::string>, int (*)(int))::"
                                  "(anonymous class)::operator()() const"),
              "app::S::m::(lambda)");
    EXPECT_EQ(short_function_name("weft::Coro<int> (anonymous namespace)::f(int)"), "f");
    EXPECT_EQ(short_function_name("Coro<void> app::S::operator()(int)"), "app::S::operator()");
    EXPECT_EQ(short_function_name("main"), "main");
    EXPECT_EQ(short_function_name(""), "");
    EXPECT_EQ(short_function_name("((((<<<"), "((((<<<");
}

}  // namespace
}  // namespace weft
