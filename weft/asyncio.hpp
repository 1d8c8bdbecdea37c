// SPDX-License-Identifier: Apache-2.0
// weft/asyncio.hpp - everything that asyncio is to a Python program.
#pragma once

#include <weft/base/exception_group.hpp>
#include <weft/base/exceptions.hpp>
#include <weft/base/log.hpp>
#include <weft/base/time.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/as_completed.hpp>
#include <weft/runtime/async_generator.hpp>
#include <weft/runtime/barrier.hpp>
#include <weft/runtime/cancel_scope.hpp>
#include <weft/runtime/capacity_limiter.hpp>
#include <weft/runtime/condition.hpp>
#include <weft/runtime/context.hpp>
#include <weft/runtime/coro.hpp>
#include <weft/runtime/coro_function.hpp>
#include <weft/runtime/each.hpp>
#include <weft/runtime/ensure_future.hpp>
#include <weft/runtime/event.hpp>
#include <weft/runtime/event_loop.hpp>
#include <weft/runtime/executor.hpp>
#include <weft/runtime/exit_stack.hpp>
#include <weft/runtime/future.hpp>
#include <weft/runtime/gather.hpp>
#include <weft/runtime/held.hpp>
#include <weft/runtime/lock.hpp>
#include <weft/runtime/queue.hpp>
#include <weft/runtime/semaphore.hpp>
#include <weft/runtime/shield.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/task.hpp>
#include <weft/runtime/task_group.hpp>
#include <weft/runtime/timeout.hpp>
#include <weft/runtime/virtual_clock.hpp>
#include <weft/runtime/wait.hpp>
#include <weft/runtime/with_async.hpp>
