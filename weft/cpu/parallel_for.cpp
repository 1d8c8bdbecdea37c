// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/parallel_for.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <stop_token>

#include <weft/cpu/internal/arena.hpp>
#include <weft/cpu/spawn_cpu.hpp>
#include <weft/runtime/op.hpp>

namespace weft::internal {

constexpr OpKind spawn_cpu_kind{"spawn_cpu"};
constexpr OpKind parallel_for_kind{"parallel_for"};

void ParallelLoop::run(const std::stop_token& stop) noexcept {
    stop_ = &stop;
    has_begun_.store(true, std::memory_order_release);
    divide(count_, grain_, &ParallelLoop::piece, this);
    static_cast<void>(pieces_.load(std::memory_order_acquire));
}

void ParallelLoop::piece(void* loop, std::size_t first, std::size_t last) noexcept {
    auto& self = *static_cast<ParallelLoop*>(loop);
    static_cast<void>(self.has_begun_.load(std::memory_order_acquire));
    try {
        if (!self.has_failed_.load(std::memory_order_relaxed) && !self.stop_->stop_requested()) {
            self.take_turns(first, last);
        }
    } catch (...) {
        if (!self.has_failed_.exchange(true)) self.error_ = std::current_exception();
    }
    self.pieces_.fetch_add(1, std::memory_order_release);
}

}  // namespace weft::internal
