// SPDX-License-Identifier: Apache-2.0
// apps/weft/sample_program.cpp - tasks in known states, for weft_test.py to look at.
//
// Says "ready" once all of them are where they are to be; `io` says where its tasks wait; `churn`
// instead makes and ends tasks as fast as it can, and says how many each tenth of a second.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include <weft/io/run.hpp>
#include <weft/io/server.hpp>
#include <weft/io/sock.hpp>
#include <weft/io/socket.hpp>
#include <weft/io/stream_reader.hpp>
#include <weft/io/stream_writer.hpp>
#include <weft/io/streams.hpp>
#include <weft/io/subprocess.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/lock.hpp>
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

Coro<void> wait_for_lock(Lock& lock) { co_await lock.acquire(); }

Coro<void> wait_for_connection(Socket& listener) { co_await sock_accept(listener); }

// Tasks that wait for what has an address. Says the server's port, the client's, and the child's
// number.
Coro<void> io() {
    auto server = co_await start_server(
        [](StreamReader reader, StreamWriter) -> Coro<void> {
            current_task().set_name("server");
            co_await reader.readline();
        },
        "127.0.0.1", 0);
    const int port = server.sockets().front().getsockname().port();
    auto [reader, writer] = co_await open_connection("127.0.0.1", port);
    // It ends with its input, which ends with this program.
    const Process child =
        co_await create_subprocess_exec({"cat"}, {.stdin_ = subprocess::pipe,
                                                  .stdout_ = subprocess::devnull,
                                                  .stderr_ = subprocess::devnull});
    Socket listener;
    listener.setblocking(false);
    listener.bind({"127.0.0.1", 0});
    listener.listen(1);
    Lock lock;
    Lock other;
    co_await lock.acquire();
    co_await other.acquire();
    co_await TaskGroup::scope([&](TaskGroup& group) -> Coro<void> {
        group.create_task(reader.read(1), {.name = "client"});
        group.create_task(child.wait(), {.name = "child"});
        group.create_task(wait_for_connection(listener), {.name = "acceptor"});
        group.create_task(wait_for_lock(lock), {.name = "lock-1"});
        group.create_task(wait_for_lock(lock), {.name = "lock-2"});
        group.create_task(wait_for_lock(other), {.name = "other-lock"});
        co_await sleep(50ms);
        std::printf("%d %d %d\n", port, writer.sockname().port(), static_cast<int>(child.pid()));
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
    if (mode == "io") return main_of(io);
    std::thread second;
    if (mode == "threads") {
        second = std::thread([] { run(flush_metrics()); });
        second.detach();
    }
    return main_of(still);
}
