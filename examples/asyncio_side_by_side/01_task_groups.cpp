// SPDX-License-Identifier: Apache-2.0
// Task groups in each other: errors are handled where they belong, the rest goes up.

#include <fmt/core.h>

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task_group.hpp>

using namespace std::chrono_literals;
using weft::Coro;

Coro<void> prices() {
    co_await weft::sleep(20ms);
    throw weft::ValueError("a price below zero");
}

Coro<void> stock() {
    co_await weft::sleep(20ms);
    throw weft::OSError("the warehouse does not answer");
}

Coro<void> reviews() {
    try {
        co_await weft::sleep(10s);
    } catch (const weft::CancelledError&) {
        fmt::print("reviews: cancelled\n");
        throw;
    }
}

Coro<void> product() {
    try {
        co_await weft::TaskGroup::scope([](weft::TaskGroup& group) {
            group.create_task(prices());
            group.create_task(stock());
        });
    } catch (const weft::ExceptionGroup& group) {
        auto report = [](const weft::ExceptionGroup& errors) {
            fmt::print("product: {}\n", weft::message(errors.exceptions()[0]));
        };
        except_group(group, weft::on<weft::ValueError>(report));
    }
}

Coro<void> async_main() {
    try {
        co_await weft::TaskGroup::scope([](weft::TaskGroup& group) {
            group.create_task(reviews());
            group.create_task(product());
        });
    } catch (const weft::ExceptionGroup& group) {
        auto report = [](const weft::ExceptionGroup& errors) {
            fmt::print("main: {} group of OSErrors\n", errors.exceptions().size());
        };
        except_group(group, weft::on<weft::OSError>(report));
    }
}

int main() { return weft::main_of(async_main); }
