// SPDX-License-Identifier: Apache-2.0
// weft/cpu/internal/arena.hpp - the scheduler: oneTBB, which nothing else knows of.
#pragma once

#include <cstddef>
#include <memory>

namespace weft::internal {

/// So many threads at most that take jobs. They are the process's: an arena that is gone leaves
/// them to others.
class Arena {
public:
    /// The threads of all arenas together.
    static constexpr std::size_t all_workers_max = 1024;

    explicit Arena(std::size_t workers);
    /// None of its jobs may be left.
    ~Arena();

    /// Has a thread call `run(job)`, which must not throw; roughly first come, first served.
    /// Errors: bad_alloc
    /// Thread: any.
    void enqueue(void (*run)(void*), void* job);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Calls `piece(shared, first, last)` for parts that make up [0, count), each of at least `grain`
/// if there is as much, on the threads of the arena whose job calls. Returns when all have been.
/// A piece must not throw.
void divide(std::size_t count, std::size_t grain,
            void (*piece)(void* shared, std::size_t first, std::size_t last), void* shared);

}  // namespace weft::internal
