// SPDX-License-Identifier: Apache-2.0
#include <weft/cpu/internal/arena.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

namespace weft::internal {
namespace {

namespace tbb = oneapi::tbb;

// oneTBB has one thread less than there are processors, for all arenas together: it counts on the
// one that calls, and a loop does not compute. Each arena has its own limit.
void let_arenas_have_their_threads() {
    static const auto& limit = *new tbb::global_control(
        tbb::global_control::max_allowed_parallelism, Arena::all_workers_max + 1);
    static_cast<void>(limit);  // as long as the arenas, which end when they like
}

}  // namespace

struct Arena::State {
    explicit State(std::size_t workers) : arena(static_cast<int>(workers), 0) {
        let_arenas_have_their_threads();
    }
    tbb::task_arena arena;
};

Arena::Arena(std::size_t workers) : state_(std::make_unique<State>(workers)) {}
Arena::~Arena() = default;

void Arena::enqueue(void (*run)(void*), void* job) {
    state_->arena.enqueue([run, job] { run(job); });
}

void divide(std::size_t count, std::size_t grain,
            void (*piece)(void* shared, std::size_t first, std::size_t last), void* shared) {
    // Whoever waits for the other pieces takes none of another job, which could be long.
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(
            tbb::blocked_range<std::size_t>(0, count, std::max<std::size_t>(grain, 1)),
            [&](const tbb::blocked_range<std::size_t>& part) {
                piece(shared, part.begin(), part.end());
            });
    });
}

}  // namespace weft::internal
