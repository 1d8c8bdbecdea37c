// SPDX-License-Identifier: Apache-2.0
// apps/weft/sample_program.cpp - tasks in known states, for weft_test.py to look at.
//
// Says "ready" once all of them are where they are to be; `churn` instead makes and ends tasks as
// fast as it can, and says how many each tenth of a second.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>

namespace {

using namespace weft;
using namespace std::chrono_literals;

Coro<int> download(int page) {
    co_await sleep(1h);  // place: download
    co_return page;
}
Coro<int> fetch(int page) {
    const int bytes = co_await download(page);  // place: fetch
    co_return bytes;
}

Coro<void> crawl() {
    co_await gather(fetch(1), fetch(2));  // place: crawl
}

Coro<void> watch(Task<void> task) {
    co_await task;  // place: watch
}

Coro<void> wait_for_news(Future<> news) {
    co_await news;  // place: wait_for_news
}

Coro<void> flush_metrics() {
    for (;;) co_await sleep(1h);  // place: flush_metrics
}

Coro<void> serve_client() { co_await sleep(1h); }

Coro<void> still() {
    const Future<> news = create_future();
    auto metrics = create_task(flush_metrics(), {.name = "metrics"});
    co_await TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
        auto crawler = group.create_task(crawl(), {.name = "crawler"});
        group.create_task(watch(crawler), {.name = "watcher"});
        group.create_task(wait_for_news(news), {.name = "news"});
        group.create_task(
            []() -> Coro<void> {
                co_await timeout(2h, []() -> Coro<void> { co_await serve_client(); });
            },
            {.name = "caf\xC3\xA9 \x1B[31m"});
        for (int i = 0; i < 20; ++i) {
            group.create_task(serve_client(), {.name = "client-" + std::to_string(i)});
        }
        co_await sleep(50ms);
        std::puts("ready");
        std::fflush(stdout);
    });
}

std::uint64_t made = 0;

Coro<int> nothing(int i) {
    co_await sleep(0s);
    co_return i;
}
Coro<void> churn_forever() {
    for (;;) {
        co_await TaskGroup::scope([](TaskGroup& group) -> Coro<void> {
            for (int i = 0; i < 50; ++i) {
                group.create_task(nothing(i),
                                  {.name = i % 2 ? "odd" : "a rather long name, allocated"});
            }
            co_return;
        });
        for (int i = 0; i < 50; ++i) made += 1 + co_await create_task(nothing(0));
    }
}
Coro<void> churn() {
    auto a = create_task(churn_forever(), {.name = "churn-a"});
    auto b = create_task(churn_forever(), {.name = "churn-b"});
    for (;;) {
        co_await sleep(100ms);
        std::printf("%llu\n", static_cast<unsigned long long>(made));
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view mode = argc > 1 ? argv[1] : "still";
    if (mode == "churn") return main_of(churn);
    std::thread second;
    if (mode == "threads") {
        second = std::thread([] { run(flush_metrics()); });
        second.detach();
    }
    return main_of(still);
}
