# SPDX-License-Identifier: Apache-2.0
"""XQUE-2x, XQUE-3x: queues."""
import asyncio

from probes.harness import H, en, spin, tr, virtual


def attempt(t, f, *a):
    try:
        t("ok", f(*a))
    except Exception as e:
        t("raise", en(e))


@virtual("XQUE-20-shutdown-in-each-state")
async def _():
    t = H()
    for items in (0, 1, 2):
        for immediate in (False, True):
            q = asyncio.Queue(2)
            for i in range(items):
                q.put_nowait(i)
            getters = [asyncio.create_task(q.get()) for _ in range(2)] if items == 0 else []
            putters = [asyncio.create_task(q.put(9)) for _ in range(2)] if items == 2 else []
            j = asyncio.create_task(q.join())
            await spin()
            q.shutdown(immediate)
            t([items, immediate, q.qsize(), q.empty(), q.full()])
            attempt(t, q.put_nowait, 5)
            attempt(t, q.get_nowait)
            t(await tr(q.put(5)))
            for x in getters + putters:
                t(await tr(x))
            await spin(2)
            t(j.done())
            q.shutdown(True)
            await spin(2)
            t([j.done(), q.qsize()])
            j.cancel()
    return t.l


@virtual("XQUE-21-drained-after-a-shutdown")
async def _():
    t = H()
    q = asyncio.Queue()
    for i in range(3):
        q.put_nowait(i)
    q.shutdown()
    j = asyncio.create_task(q.join())
    while True:
        try:
            t(await q.get())
            q.task_done()
        except asyncio.QueueShutDown as e:
            t(en(e))
            break
    await j
    attempt(t, q.task_done)
    return t.l


@virtual("XQUE-22-work-in-hand-at-an-immediate-shutdown")
async def _():
    t = H()
    q = asyncio.Queue()
    for i in range(3):
        q.put_nowait(i)
    t(await q.get())
    j = asyncio.create_task(q.join())
    await spin()
    q.shutdown(immediate=True)
    await spin(2)
    t(j.done())
    attempt(t, q.task_done)
    await spin(2)
    t(j.done())
    attempt(t, q.task_done)
    return t.l


@virtual("XQUE-23-woken-then-cancelled-then-shut-down")
async def _():
    t = H()
    q = asyncio.Queue(1)
    g = [asyncio.create_task(q.get()) for _ in range(2)]
    await spin()
    q.put_nowait("x")
    g[0].cancel()
    q.shutdown()
    for x in g:
        t(await tr(x))
    q = asyncio.Queue(1)
    q.put_nowait("full")
    p = [asyncio.create_task(q.put(i)) for i in range(2)]
    await spin()
    t(q.get_nowait())
    p[0].cancel()
    q.shutdown()
    for x in p:
        t(await tr(x))
    t(q.qsize())
    return t.l


@virtual("XQUE-24-ties-of-a-priority-queue")
async def _():
    t = H()
    q = asyncio.PriorityQueue()
    for item in ((2, "a"), (1, "z"), (2, "b"), (1, "a"), (0, "m"), (1, "m")):
        await q.put(item)
    while not q.empty():
        t(list(q.get_nowait()))
    n = asyncio.PriorityQueue(2)
    n.put_nowait(5)
    n.put_nowait(7)
    p = [asyncio.create_task(n.put(i)) for i in (1, 9)]
    await spin()
    t(n.get_nowait())
    await spin(2)
    t(n.get_nowait())
    await spin(2)
    t([n.get_nowait(), n.get_nowait(), [x.done() for x in p]])
    return t.l


@virtual("XQUE-25-last-in-first-out-with-waiters")
async def _():
    t = H()
    q = asyncio.LifoQueue(2)

    async def c(name):
        t(name, await q.get())
    k = [asyncio.create_task(c(n)) for n in "ab"]
    await spin()
    q.put_nowait(1)
    q.put_nowait(2)
    attempt(t, q.put_nowait, 3)
    for x in k:
        await x
    return t.l


@virtual("XQUE-26-several-gets-in-one-turn")
async def _():
    t = H()
    q = asyncio.Queue(2)
    q.put_nowait(1)
    q.put_nowait(2)

    async def p(i):
        await q.put(i)
        t("put", i)
    k = [asyncio.create_task(p(i)) for i in (3, 4, 5)]
    await spin()
    t([q.get_nowait(), q.get_nowait()])
    attempt(t, q.get_nowait)
    await spin()
    t([q.qsize(), q.full()])
    t([q.get_nowait(), q.get_nowait()])
    await spin(2)
    t(q.get_nowait())
    for x in k:
        await x
    return t.l


@virtual("XQUE-27-two-woken-getters-are-cancelled")
async def _():
    t = H()
    q = asyncio.Queue()
    k = [asyncio.create_task(q.get()) for _ in range(4)]
    await spin()
    q.put_nowait("a")
    q.put_nowait("b")
    k[1].cancel()
    k[0].cancel()
    for x in k[:2]:
        t((await tr(x))[0])
    await spin(2)
    t([k[2].result(), k[3].result(), q.qsize()])
    return t.l


@virtual("XQUE-28-cancelled-getter-before-the-put")
async def _():
    t = H()
    q = asyncio.Queue()
    k = [asyncio.create_task(q.get()) for _ in range(2)]
    await spin()
    k[0].cancel()
    q.put_nowait("a")
    for x in k:
        t(await tr(x))
    return t.l


@virtual("XQUE-29-join-with-several-waiters-and-more-work")
async def _():
    t = H()
    q = asyncio.Queue()
    q.put_nowait(1)

    async def j(name):
        await q.join()
        t("joined", name, q.qsize())
    k = [asyncio.create_task(j(n)) for n in "ab"]
    await spin()
    q.get_nowait()
    q.task_done()
    q.put_nowait(2)
    k.append(asyncio.create_task(j("c")))
    await spin(3)
    t([x.done() for x in k])
    q.get_nowait()
    q.task_done()
    for x in k:
        await x
    return t.l


@virtual("XQUE-30-limits")
async def _():
    t = H()
    for n in (-1, 0, 1):
        q = asyncio.Queue(n)
        t([q.maxsize, q.full(), q.empty(), q.qsize()])
        q.put_nowait(1)
        t([q.full(), q.empty(), q.qsize()])
    return t.l


@virtual("XQUE-31-timeouts-of-get-and-put")
async def _():
    t = H()
    q = asyncio.Queue(1)
    t(await tr(asyncio.wait_for(q.get(), 0.1)))
    q.put_nowait("1")
    t(await tr(asyncio.wait_for(q.put("2"), 0.1)))
    t([q.qsize(), await q.get()])

    async def feed():
        await asyncio.sleep(0.05)
        await q.put("late")
    k = asyncio.create_task(feed())
    t(await tr(asyncio.wait_for(q.get(), 0.1)))
    await k
    return t.l


@virtual("XQUE-32-putters-and-shutdown-keep-the-items")
async def _():
    t = H()
    q = asyncio.Queue(1)
    q.put_nowait("first")
    p = [asyncio.create_task(q.put(i)) for i in range(2)]
    g = asyncio.create_task(q.join())
    await spin()
    q.shutdown()
    for x in p:
        t(await tr(x))
    t(await tr(q.get()))
    t(await tr(q.get()))
    q.task_done()
    t(await tr(g))
    return t.l
