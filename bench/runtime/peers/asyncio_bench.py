# SPDX-License-Identifier: Apache-2.0
"""The asyncio side of the runtime benchmarks; see bench/README.md for the contract.

usage: asyncio_bench.py [--uvloop] [MEASURE ...]
"""

import asyncio
import gc
import os
import sys
import threading
from time import perf_counter_ns

SCALE = float(os.environ.get("WEFT_BENCH_SCALE", "1"))
LEAST_NS = 50e6 * SCALE
TARGET_NS = 100e6 * SCALE
HOUR = 3600.0
CHILDREN = 100


def scaled(n):
    return max(1, int(n * SCALE))


async def ns_per_op(body, n=200):
    """Runs body(n) to warm up, then with an n that takes TARGET_NS."""
    start = perf_counter_ns()
    await body(n)
    elapsed = perf_counter_ns() - start
    while True:
        n = max(n, int(n * TARGET_NS / max(elapsed, 1)))
        start = perf_counter_ns()
        await body(n)
        elapsed = perf_counter_ns() - start
        if elapsed >= LEAST_NS:
            return elapsed / n


class Spread:
    """Deadlines over an hour; the same sequence in every peer."""

    def __init__(self):
        self.state = 12345

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return 1.0 + (self.state >> 8) * (HOUR / (1 << 24))


async def child():
    return 1


async def await_ready():
    async def body(n):
        total = 0
        for _ in range(n):
            total += await child()
        assert total == n

    return await ns_per_op(body)


async def create_task_await():
    create_task = asyncio.get_running_loop().create_task

    async def body(n):
        total = 0
        for _ in range(n):
            total += await create_task(child())
        assert total == n

    return await ns_per_op(body)


async def sleep0():
    async def body(n):
        for _ in range(n):
            await asyncio.sleep(0)

    return await ns_per_op(body)


async def gather_child():
    async def body(n):
        for _ in range(n):
            values = await asyncio.gather(*[child() for _ in range(CHILDREN)])
            assert sum(values) == CHILDREN

    return await ns_per_op(body, 5) / CHILDREN


async def taskgroup_child():
    async def body(n):
        for _ in range(n):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(child()) for _ in range(CHILDREN)]
            assert sum(task.result() for task in tasks) == CHILDREN

    return await ns_per_op(body, 5) / CHILDREN


async def sleep_below(depth):
    if depth == 1:
        await asyncio.sleep(HOUR)
    else:
        await sleep_below(depth - 1)


async def sleep_below_catching(depth):
    try:
        if depth == 1:
            await asyncio.sleep(HOUR)
        else:
            await sleep_below_catching(depth - 1)
    except asyncio.CancelledError:
        raise


async def cancel_cycle(make):
    create_task = asyncio.get_running_loop().create_task

    async def body(n):
        cancelled = 0
        for _ in range(n):
            task = create_task(make())
            await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                cancelled += 1
        assert cancelled == n

    return await ns_per_op(body)


async def cancel_sleeping_0():
    return await cancel_cycle(lambda: asyncio.sleep(HOUR))


async def cancel_sleeping_8():
    return await cancel_cycle(lambda: sleep_below(8))


async def cancel_sleeping_8_catching():
    return await cancel_cycle(lambda: sleep_below_catching(8))


async def lock_uncontended():
    lock = asyncio.Lock()

    async def body(n):
        for _ in range(n):
            await lock.acquire()
            lock.release()

    return await ns_per_op(body)


async def semaphore_uncontended():
    semaphore = asyncio.Semaphore(1)

    async def body(n):
        for _ in range(n):
            await semaphore.acquire()
            semaphore.release()

    return await ns_per_op(body)


async def event_wait_set():
    event = asyncio.Event()
    event.set()

    async def body(n):
        for _ in range(n):
            await event.wait()

    return await ns_per_op(body)


async def queue_put_get():
    async def produce(queue, n):
        for i in range(n):
            await queue.put(i)

    async def consume(queue, n):
        total = 0
        for _ in range(n):
            total += await queue.get()
        return total

    async def body(n):
        queue = asyncio.Queue(128)
        _, total = await asyncio.gather(produce(queue, n), consume(queue, n))
        assert total == n * (n - 1) // 2

    return await ns_per_op(body, scaled(100_000))


async def timer_add_cancel_1m():
    call_later = asyncio.get_running_loop().call_later
    spread = Spread()
    fired = []
    outstanding = [call_later(spread.next(), fired.append, 1) for _ in range(1_000_000)]
    await asyncio.sleep(0)

    async def body(n):
        # asyncio drops cancelled timers in one sweep once they outnumber the live
        # ones: a full run has to contain one, and the loop has to turn to do it.
        for _ in range(max(1, n // 1000)):
            for _ in range(1000):
                call_later(spread.next(), fired.append, 1).cancel()
            await asyncio.sleep(0)

    await body(20_000)
    n = scaled(1_050_000) // 1000 * 1000
    start = perf_counter_ns()
    await body(n)
    elapsed = perf_counter_ns() - start
    for handle in outstanding:
        handle.cancel()
    return elapsed / n


async def threadsafe_post():
    loop = asyncio.get_running_loop()

    async def body(n):
        done = loop.create_future()
        total = 0

        def callback(i):
            nonlocal total
            total += i
            if i == n - 1:
                done.set_result(perf_counter_ns())

        def post():
            nonlocal start
            start = perf_counter_ns()
            for i in range(n):
                loop.call_soon_threadsafe(callback, i)

        start = 0
        thread = threading.Thread(target=post)
        thread.start()
        end = await done
        thread.join()
        assert total == n * (n - 1) // 2
        return (end - start) / n

    await body(scaled(20_000))
    return await body(scaled(1_000_000))


def rss_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def task_memory():
    n = scaled(200_000)
    started = 0

    async def sleeper():
        nonlocal started
        started += 1
        await asyncio.sleep(HOUR)

    create_task = asyncio.get_running_loop().create_task
    tasks = [create_task(sleeper()) for _ in range(100)]
    await asyncio.sleep(0)
    gc.collect()
    before = rss_bytes()
    tasks += [create_task(sleeper()) for _ in range(n)]
    await asyncio.sleep(0)
    assert started == n + 100
    grown = rss_bytes() - before
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return grown / n


# task_memory comes first: what others have freed would hide its growth.
MEASURES = [
    task_memory,
    await_ready,
    create_task_await,
    sleep0,
    gather_child,
    taskgroup_child,
    cancel_sleeping_0,
    cancel_sleeping_8,
    cancel_sleeping_8_catching,
    lock_uncontended,
    semaphore_uncontended,
    event_wait_set,
    queue_put_get,
    threadsafe_post,
    timer_add_cancel_1m,
]


def main(args):
    if args[:1] == ["--uvloop"]:
        import uvloop

        args = args[1:]
        factory, version = uvloop.new_event_loop, f"uvloop {uvloop.__version__}, "
    else:
        factory, version = asyncio.new_event_loop, ""
    print(f"{version}Python {sys.version.split()[0]}", file=sys.stderr)
    for measure in MEASURES:
        if not args or measure.__name__ in args:
            with asyncio.Runner(loop_factory=factory) as runner:
                value = runner.run(measure())
            unit = "bytes" if measure is task_memory else "ns"
            print(f"{measure.__name__} {value:.2f} {unit}", flush=True)


main(sys.argv[1:])
