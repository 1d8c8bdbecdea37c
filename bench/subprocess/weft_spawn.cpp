// SPDX-License-Identifier: Apache-2.0
// The weft side of the benchmarks of processes; see bench/README.md for the contract.
// usage: subprocess_bench [MEASURE ...]

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bench/rate.hpp>

#include <weft/io/run.hpp>
#include <weft/io/subprocess.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>

namespace {

using bench::Rate;
using bench::require;
using bench::Stopwatch;
using weft::Coro;

Coro<void> run_true(std::size_t& left) {
    while (left > 0) {
        --left;
        std::vector<std::string> program{"/bin/true"};
        const weft::Process process = co_await weft::create_subprocess_exec(std::move(program));
        require(co_await process.wait() == 0, "the returncode of /bin/true");
    }
}

// Runs some to warm up, then for 200 ms.
Coro<Rate> run_many(std::size_t at_once) {
    std::size_t n = 32;
    for (bool is_warm = false;; is_warm = true) {
        std::size_t left = n;
        const Stopwatch watch;
        std::vector<Coro<void>> runners;
        for (std::size_t i = 0; i < at_once; ++i) runners.push_back(run_true(left));
        co_await weft::gather(std::move(runners));
        const double elapsed = watch.elapsed_ns();
        if (is_warm && elapsed >= 100e6 * bench::scale()) co_return watch.rate_of(n);
        n = std::max(
            n, static_cast<std::size_t>(static_cast<double>(n) * 200e6 * bench::scale() / elapsed));
    }
}

constexpr std::pair<std::string_view, std::size_t> measures[] = {
    {"spawn", 1},
    {"spawn_16", 16},
};

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> wanted(argv + 1, argv + argc);
    for (const auto& [name, at_once] : measures) {
        if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
        bench::print(name, weft::run(run_many(at_once)), "processes");
    }
}
