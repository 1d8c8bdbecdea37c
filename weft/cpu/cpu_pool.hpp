// SPDX-License-Identifier: Apache-2.0
// weft/cpu/cpu_pool.hpp - the pool that computes: as many threads as there are processors.
//
//     const Digest digest = co_await spawn_cpu(hash, data);             // spawn_cpu.hpp
//     co_await parallel_for(pixels, [&](Pixel& pixel) { … });           // parallel_for.hpp
//
// A loop waits. What computes for more than some 100 microseconds belongs here; what blocks, to
// to_thread(), whose pool has more threads than there are processors.
#pragma once

#include <cstddef>

#include <weft/runtime/executor.hpp>

namespace weft {

/// As many as there are processors that the process, by its main thread, may run on.
[[nodiscard]] std::size_t cpu_count() noexcept;

/// The pool that is meant where none is named: of cpu_count() threads, made when it is first asked
/// for, and there until the process ends, which waits for none of its calls. Its threads may run
/// where the thread may that first gave them work. The child of a fork gets one of its own.
/// Thread: any.
[[nodiscard]] ThreadPoolExecutor& default_cpu_pool();

}  // namespace weft
