// SPDX-License-Identifier: Apache-2.0
// compile_time, the Asio side: two coroutines awaited together, and a group of tasks.
// It includes only what it uses, which is kinder to Asio than its umbrella header.

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

asio::awaitable<int> answer(int value) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return value;
}

asio::awaitable<int> together() {
    auto [first, second] = co_await (answer(1) && answer(2));
    co_return first + second;
}

asio::awaitable<int> group() {
    auto executor = co_await asio::this_coro::executor;
    std::vector<decltype(asio::co_spawn(executor, answer(0), asio::deferred))> tasks;
    for (int i = 0; i < 3; ++i) {
        tasks.push_back(asio::co_spawn(executor, answer(i), asio::deferred));
    }
    auto all = asio::experimental::make_parallel_group(std::move(tasks));
    auto [order, errors, values] =
        co_await all.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
    int total = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (errors[i]) std::rethrow_exception(errors[i]);
        total += values[i];
    }
    co_return total;
}

asio::awaitable<void> program() {
    const int first = co_await together();
    const int second = co_await group();
    std::printf("%d\n", first + second);
}

}  // namespace

int main() {
    asio::io_context context(1);
    asio::co_spawn(context, program(), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    context.run();
}
