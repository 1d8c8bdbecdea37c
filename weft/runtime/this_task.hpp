// SPDX-License-Identifier: Apache-2.0
// weft/runtime/this_task.hpp - `co_await this_task()`: the task that a library coroutine runs in.
#pragma once

#include <coroutine>

#include <weft/runtime/promise.hpp>

namespace weft::internal {

class ThisTask {
public:
    struct Awaiter {
        TaskBase* task = nullptr;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> frame) noexcept {
            task = frame.promise().task;
            return false;  // no suspension: it only looks at the frame
        }
        [[nodiscard]] TaskBase* await_resume() const noexcept { return task; }
    };
    [[nodiscard]] Awaiter make_awaiter() const noexcept { return {}; }
};

[[nodiscard]] inline ThisTask this_task() noexcept { return {}; }

}  // namespace weft::internal
