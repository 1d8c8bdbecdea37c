// SPDX-License-Identifier: Apache-2.0
// bench/rate.hpp - how many operations a second, and the processor's time for each.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <ratio>
#include <string>
#include <string_view>

namespace bench {

/// WEFT_BENCH_SCALE: the part of the usual work that is asked for.
inline double scale() {
    const char* const setting = std::getenv("WEFT_BENCH_SCALE");
    return setting ? std::atof(setting) : 1;
}

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "wrong result: %s\n", what);
    std::abort();
}

struct Rate {
    double per_second = 0;
    double cpu_ns = 0;  ///< of all threads of the process, for one operation
};

class Stopwatch {
public:
    [[nodiscard]] double elapsed_ns() const {
        return std::chrono::duration<double, std::nano>(Clock::now() - start_).count();
    }
    [[nodiscard]] Rate rate_of(std::size_t operations) const {
        const auto count = static_cast<double>(operations);
        return {.per_second = count * 1e9 / elapsed_ns(),
                .cpu_ns = (cpu_ns() - cpu_start_) / count};
    }

private:
    using Clock = std::chrono::steady_clock;
    static double cpu_ns() {
        timespec used{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
    }
    Clock::time_point start_ = Clock::now();
    double cpu_start_ = cpu_ns();
};

/// Prints NAME in operations a second, and NAME_cpu.
inline void print(std::string_view name, const Rate& rate, std::string_view operations) {
    const std::string text(name);
    const std::string what(operations);
    std::printf("%s %.2f %s/s\n", text.c_str(), rate.per_second, what.c_str());
    std::printf("%s_cpu %.2f ns\n", text.c_str(), rate.cpu_ns);
    std::fflush(stdout);
}

}  // namespace bench
