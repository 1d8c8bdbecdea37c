// SPDX-License-Identifier: Apache-2.0
// The examples of the CPU pool.
#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <weft/cpu/parallel_for.hpp>
#include <weft/cpu/spawn_cpu.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/gather.hpp>

namespace weft {
namespace {

using Digest = std::size_t;
Digest hash(const std::string& text) { return std::hash<std::string>()(text); }
int solve(int number) { return number * number; }

struct Pixel {
    int value = 1;
};
struct Image {
    [[nodiscard]] int height() const { return static_cast<int>(rows.size()); }
    void blur_row(int y) { ++rows[static_cast<std::size_t>(y)]; }
    std::vector<int> rows = std::vector<int>(100);
};

TEST(Cpu, computes_beside_the_loop) {
    run([]() -> Coro<void> {
        const std::string data = "data";
        std::vector<Pixel> pixels(1000);
        std::atomic<int> sum = 0;
        const Digest digest = co_await spawn_cpu(hash, data);
        co_await parallel_for(pixels, [&](Pixel& pixel) { sum += pixel.value; });
        EXPECT_EQ(digest, hash(data));
        EXPECT_EQ(sum, 1000);
    }());
}

TEST(SpawnCpu, refers_to_locals_and_runs_beside_others) {
    run([]() -> Coro<void> {
        const std::string pages = "pages";
        const int left = 3;
        const int right = 4;
        const Digest digest = co_await spawn_cpu([&] { return hash(pages); });
        auto [a, b] = co_await gather(spawn_cpu(solve, left), spawn_cpu(solve, right));
        EXPECT_EQ(digest, hash(pages));
        EXPECT_EQ(a + b, 25);
    }());
}

TEST(ParallelFor, takes_numbers_and_ranges) {
    run([]() -> Coro<void> {
        Image image;
        co_await parallel_for(0, image.height(), [&](int y) { image.blur_row(y); });
        EXPECT_EQ(image.rows, std::vector<int>(100, 1));
        const int n = 100;
        std::vector<int> items(n, 1);
        const auto f = [](int& item) { ++item; };
        co_await parallel_for(items, f);
        co_await parallel_for(0, n, [&](int i) { ++items[static_cast<std::size_t>(i)]; });
        EXPECT_EQ(items, std::vector<int>(n, 3));
    }());
}

}  // namespace
}  // namespace weft
