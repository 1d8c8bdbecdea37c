// SPDX-License-Identifier: Apache-2.0
// compile_time, the weft side: two coroutines awaited together, and a group of tasks.

#include <chrono>
#include <cstdio>
#include <vector>

#include <weft/asyncio.hpp>

using namespace std::chrono_literals;

namespace {

weft::Coro<int> answer(int value) {
    co_await weft::sleep(1ms);
    co_return value;
}

weft::Coro<int> together() {
    auto [first, second] = co_await weft::gather(answer(1), answer(2));
    co_return first + second;
}

weft::Coro<int> group() {
    std::vector<weft::Task<int>> tasks;
    co_await weft::TaskGroup::scope([&](weft::TaskGroup& children) -> weft::Coro<void> {
        for (int i = 0; i < 3; ++i) tasks.push_back(children.create_task(answer(i)));
        co_return;
    });
    int total = 0;
    for (const auto& task : tasks) total += task.result();
    co_return total;
}

weft::Coro<void> program() {
    const int first = co_await together();
    const int second = co_await group();
    std::printf("%d\n", first + second);
}

}  // namespace

int main() { return weft::main_of(program); }
