// SPDX-License-Identifier: Apache-2.0
#include <coroutine>

#include <weft/runtime/coro.hpp>

struct Foreign {
    bool await_ready() { return true; }
    void await_suspend(std::coroutine_handle<>) {}
    void await_resume() {}
};

weft::Coro<void> waits() { co_await Foreign(); }
