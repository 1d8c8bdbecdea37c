// SPDX-License-Identifier: Apache-2.0
// weft/io/run_workers.hpp - run_workers(): the same program on several cores, a loop for each.
#pragma once

#include <cstddef>

#include <weft/io/run.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>

namespace weft {

struct RunWorkersOptions {
    std::size_t workers = 0;  ///< 0: one for each core that the process may use
    bool pin = false;         ///< each worker stays on one core
    RunnerOptions runner = {};
};

/// What each worker runs; the argument counts them from 0. It is called on their threads, perhaps
/// at the same time: what a worker needs for itself is made in there, so that nothing is shared by
/// accident.
using WorkerFunction = CoroFunction<Coro<void>(std::size_t)>;

/// Runs a program on several threads, each with a loop of its own, until all have ended:
///
///     run_workers([&](std::size_t) -> Coro<void> {
///         const Server server = co_await start_server(handle, "", port, {.reuse_port = true});
///         co_await server.serve_forever();
///     });
///
/// With `reuse_port` the system deals the connections out among the workers.
///
/// A worker that ends is not missed. One that fails takes the others with it: they are cancelled,
/// and the error is thrown once all have ended. Ctrl-C cancels all of them, and comes out as
/// KeyboardInterrupt; a second one does not wait for what is shielded.
///
/// Errors: the worker's, or an ExceptionGroup where several have failed; KeyboardInterrupt;
///         OSError without threads; RuntimeError in a thread where a loop runs.
void run_workers(const WorkerFunction& function, RunWorkersOptions options = {});

/// The same as the whole program, with the exit codes and messages of main_of().
[[nodiscard]] int main_of_workers(const WorkerFunction& function,
                                  RunWorkersOptions options = {}) noexcept;

}  // namespace weft
