// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/parallel_for.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <stop_token>

#include <weft/runtime/context.hpp>

namespace weft::internal {

void ParallelLoop::run(const std::stop_token& stop) noexcept try {
    ContextSlot none;  // what one loop sets, the next one on this thread is not to see
    const ContextScope scope(none);
    const auto is_over = [&] {
        return has_failed_.load(std::memory_order_relaxed) || stop.stop_requested();
    };
    while (!is_over()) {
        std::size_t first = taken_.load(std::memory_order_relaxed);
        do {
            if (first >= count_) return;
        } while (!taken_.compare_exchange_weak(first, first + std::min(piece_, count_ - first),
                                               std::memory_order_relaxed));
        const std::size_t last = first + std::min(piece_, count_ - first);
        for (; first < last && !is_over(); first += std::min(grain_, last - first)) {
            take_turns(first, first + std::min(grain_, last - first));
        }
    }
} catch (...) {
    if (!has_failed_.exchange(true)) error_ = std::current_exception();
}

}  // namespace weft::internal
