// SPDX-License-Identifier: Apache-2.0
// gather(): all results in order, and with return_exceptions the errors among them.
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <weft/base/exceptions.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/each.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/sleep.hpp>

using namespace std::chrono_literals;
using weft::Coro;

Coro<double> square_root(int number) {
    co_await weft::sleep(10ms * number);
    if (number < 0) {
        throw weft::ValueError(fmt::format("{} has none", number));
    }
    co_return std::sqrt(number);
}

Coro<void> async_main() {
    auto [nine, four] = co_await weft::gather(square_root(9), square_root(4));
    fmt::print("{:.1f} {:.1f}\n", nine, four);

    auto calls = weft::each(std::vector{16, -1, 1}, square_root);
    auto roots = co_await weft::gather(weft::return_exceptions, std::move(calls));
    for (auto& root : roots) {
        if (!root) {
            fmt::print("failed: {}\n", weft::message(root.error()));
        } else {
            fmt::print("{:.1f}\n", *root);
        }
    }
}

int main() { return weft::main_of(async_main); }
