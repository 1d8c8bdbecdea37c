# SPDX-License-Identifier: Apache-2.0
"""XLCK-2x, XEVT-2x, XCND-2x, XSEM-2x, XBAR-2x: locks and their kin."""
import asyncio

from probes.harness import H, en, spin, tr, virtual


def tick(t, n, last):
    t(n)
    if n < last:
        asyncio.get_running_loop().call_soon(tick, t, n + 1, last)


async def has(t, lock, name, turns=1):
    async with lock:
        t("has it", name)
        await spin(turns)
    t("left", name)


@virtual("XLCK-20-newcomer-in-the-turn-of-the-release")
async def _():
    t = H()
    lock = asyncio.Lock()
    await lock.acquire()
    a = asyncio.create_task(has(t, lock, "a"))
    await spin()
    lock.release()
    t(lock.locked())
    b = asyncio.create_task(has(t, lock, "b"))
    asyncio.get_running_loop().call_soon(tick, t, 0, 6)
    t(await tr(asyncio.wait_for(lock.acquire(), 0)))
    await a
    await b
    await spin(4)
    return t.l


@virtual("XLCK-21-all-waiters-cancelled-in-the-turn-of-an-acquire")
async def _():
    t = H()
    lock = asyncio.Lock()
    await lock.acquire()
    k = [asyncio.create_task(has(t, lock, i)) for i in range(3)]
    await spin()
    for x in k:
        x.cancel()
    lock.release()
    asyncio.get_running_loop().call_soon(t, "tick")
    t(await lock.acquire())
    for x in k:
        t((await tr(x))[0])
    t(lock.locked())
    lock.release()
    return t.l


@virtual("XLCK-22-first-woken-is-cancelled-and-its-place-taken")
async def _():
    t = H()
    lock = asyncio.Lock()
    await lock.acquire()
    k = [asyncio.create_task(has(t, lock, i, 2)) for i in range(4)]
    await spin()
    lock.release()
    k[0].cancel()
    asyncio.get_running_loop().call_soon(k[1].cancel)
    asyncio.get_running_loop().call_soon(tick, t, 0, 8)
    for x in k:
        t((await tr(x))[0])
    t(lock.locked())
    await spin(2)
    return t.l


@virtual("XLCK-23-released-by-another-while-one-is-woken")
async def _():
    t = H()
    lock = asyncio.Lock()
    await lock.acquire()
    k = [asyncio.create_task(has(t, lock, i)) for i in range(2)]
    await spin()
    lock.release()
    try:
        lock.release()
    except RuntimeError as e:
        t(en(e))
    for x in k:
        await x
    return t.l


@virtual("XEVT-20-set-and-clear-with-late-waiters")
async def _():
    t = H()
    ev = asyncio.Event()

    async def w(name):
        t(name, await ev.wait(), ev.is_set())
    a = asyncio.create_task(w("a"))
    await spin()
    ev.set()
    ev.clear()
    b = asyncio.create_task(w("b"))
    await spin(2)
    t([a.done(), b.done()])
    ev.set()
    c = asyncio.create_task(w("c"))
    await spin()
    t([b.done(), c.done()])
    await b
    return t.l


@virtual("XEVT-21-cancelled-in-the-turn-of-the-set")
async def _():
    t = H()
    ev = asyncio.Event()
    k = [asyncio.create_task(ev.wait()) for _ in range(3)]
    await spin()
    k[0].cancel()
    ev.set()
    k[1].cancel()
    for x in k:
        t(await tr(x))
    return t.l


@virtual("XCND-20-predicate-fails")
async def _():
    t = H()
    c = asyncio.Condition()
    calls = []

    def predicate():
        calls.append(c.locked())
        if len(calls) == 3:
            raise ValueError("predicate")
        return False

    async def w():
        async with c:
            await c.wait_for(predicate)
    k = asyncio.create_task(w())
    await spin()
    for _ in range(2):
        async with c:
            c.notify()
        await spin(3)
    t(await tr(k))
    t([calls, c.locked()])
    return t.l


@virtual("XCND-21-one-of-the-notified-is-cancelled")
async def _():
    t = H()
    c = asyncio.Condition()

    async def w(i):
        async with c:
            await c.wait()
            t("woken", i)
    k = [asyncio.create_task(w(i)) for i in range(5)]
    await spin()
    async with c:
        c.notify(2)
        k[0].cancel()
        k[3].cancel()
    await spin(6)
    t([x.done() for x in k])
    async with c:
        c.notify_all()
    for x in k:
        t((await tr(x))[0])
    return t.l


@virtual("XCND-22-cancelled-while-it-takes-the-lock-again")
async def _():
    t = H()
    c = asyncio.Condition()

    async def w(i):
        async with c:
            try:
                await c.wait()
                t("woken", i)
            except asyncio.CancelledError as e:
                t([i, en(e), c.locked()])
                raise
    k = [asyncio.create_task(w(i)) for i in range(3)]
    await spin()
    await c.acquire()
    c.notify(1)
    await spin(2)
    k[0].cancel("while it takes the lock")
    await spin(2)
    t([x.done() for x in k])
    c.release()
    await spin(4)
    t([x.done() for x in k])
    async with c:
        c.notify_all()
    for x in k:
        t((await tr(x))[0])
    t(c.locked())
    return t.l


@virtual("XCND-23-cancelled-waiter-that-has-not-run-is-not-notified")
async def _():
    t = H()
    c = asyncio.Condition()

    async def w(i):
        async with c:
            await c.wait()
            t("woken", i)
    k = [asyncio.create_task(w(i)) for i in range(3)]
    await spin()
    async with c:
        k[0].cancel()
        c.notify(1)
    await spin(5)
    t([x.done() for x in k])
    k[2].cancel()
    t((await tr(k[2]))[0])
    return t.l


@virtual("XCND-24-misuse")
async def _():
    t = H()
    c = asyncio.Condition()
    for f in (c.notify, c.notify_all, c.release, lambda: c.notify(0)):
        try:
            f()
            t("fine")
        except RuntimeError as e:
            t(en(e))
    t(await tr(c.wait()))
    t(await tr(c.wait_for(lambda: 5)))
    t(await tr(c.wait_for(lambda: False)))
    async with c:
        c.notify(0)
        t([c.locked(), await c.wait_for(lambda: 7)])
    return t.l


@virtual("XCND-25-two-conditions-of-one-lock")
async def _():
    t = H()
    lock = asyncio.Lock()
    a, b = asyncio.Condition(lock), asyncio.Condition(lock)

    async def w(c, name):
        async with c:
            await c.wait()
            t("woken", name, lock.locked())
            b.notify_all()
    k = [asyncio.create_task(w(a, "a")), asyncio.create_task(w(b, "b"))]
    await spin()
    async with lock:
        a.notify()
    for x in k:
        await x
    t(lock.locked())
    return t.l


@virtual("XSEM-20-releases-while-the-woken-have-not-run")
async def _():
    t = H()
    s = asyncio.Semaphore(0)

    async def w(name):
        await s.acquire()
        t("has it", name)
    a = asyncio.create_task(w("a"))
    await spin()
    s.release()
    s.release()
    b = asyncio.create_task(w("b"))
    c = asyncio.create_task(w("c"))
    loop = asyncio.get_running_loop()
    loop.call_soon(s.release)
    loop.call_soon(tick, t, 0, 4)
    await asyncio.gather(a, b, c)
    await spin(4)
    t(s.locked())
    return t.l


@virtual("XSEM-21-newcomers-queue-behind-the-woken")
async def _():
    t = H()
    s = asyncio.Semaphore(0)

    async def w(name):
        await s.acquire()
        t("has it", name)

    k = [asyncio.create_task(w("a"))]
    await spin()
    loop = asyncio.get_running_loop()
    s.release()
    s.release()
    s.release()
    t(s.locked())
    k += [asyncio.Task(w(name), loop=loop, eager_start=True) for name in "bcd"]
    t([x.done() for x in k])
    loop.call_soon(tick, t, 0, 4)
    s.release()
    loop.call_soon(t, "after the release")
    for x in k:
        await x
    await spin(2)
    t(s.locked())
    await spin(2)
    return t.l


@virtual("XSEM-22-woken-waiters-cancelled-in-each-order")
async def _():
    t = H()

    async def w(s, i):
        await s.acquire()
        t("has it", i)
    for order in ((0,), (1,), (0, 1), (1, 0), (2, 0), (0, 2)):
        s = asyncio.Semaphore(0)
        k = [asyncio.create_task(w(s, i)) for i in range(4)]
        await spin()
        s.release()
        s.release()
        for i in order:
            k[i].cancel()
        await spin(4)
        t([order, [x.done() for x in k], s.locked()])
        for _ in range(4):
            s.release()
        for x in k:
            await tr(x)
    return t.l


@virtual("XSEM-23-bounded")
async def _():
    t = H()
    s = asyncio.BoundedSemaphore(2)
    async with s:
        async with s:
            t([s.locked(), await tr(asyncio.wait_for(s.acquire(), 0))])
    for n in (1, 2):
        try:
            await s.acquire()
            s.release()
            if n == 2:
                s.release()
        except ValueError as e:
            t(en(e))
    try:
        asyncio.BoundedSemaphore(-1)
    except ValueError as e:
        t(en(e))
    z = asyncio.BoundedSemaphore(0)
    t(z.locked())
    try:
        z.release()
    except ValueError as e:
        t(en(e))
    return t.l


@virtual("XSEM-24-timeouts-of-waiters")
async def _():
    t = H()
    s = asyncio.Semaphore(1)
    await s.acquire()

    async def w(i, limit):
        try:
            await asyncio.wait_for(s.acquire(), limit)
            t("has it", i)
        except TimeoutError:
            t("timeout", i)
    k = [asyncio.create_task(w(i, 0.1 * (3 - i))) for i in range(3)]
    await asyncio.sleep(0.25)
    s.release()
    for x in k:
        await x
    t(s.locked())
    return t.l


@virtual("XBAR-20-five-come-to-a-barrier-of-two")
async def _():
    t = H()
    b = asyncio.Barrier(2)

    async def w(name):
        i = await b.wait()
        t(name, i, b.n_waiting)
    asyncio.get_running_loop().call_soon(tick, t, 0, 9)
    k = [asyncio.create_task(w(name)) for name in "abcde"]
    await spin(12)
    t([[x.done() for x in k], b.n_waiting, b.broken])
    await b.wait()
    for x in k:
        await x
    return t.l


@virtual("XBAR-21-reset-while-some-wait-and-others-come")
async def _():
    t = H()
    b = asyncio.Barrier(3)

    async def w(name):
        t(name, await tr(b.wait()))
    k = [asyncio.create_task(w(name)) for name in "ab"]
    await spin(2)
    k.append(asyncio.create_task(b.reset()))
    k += [asyncio.create_task(w(name)) for name in "cde"]
    await spin(10)
    t([[x.done() for x in k], b.n_waiting, b.broken])
    for x in k:
        x.cancel()
    return t.l


@virtual("XBAR-22-abort-and-reset")
async def _():
    t = H()
    b = asyncio.Barrier(3)

    async def w(name):
        t(name, await tr(b.wait()))
    k = [asyncio.create_task(w(name)) for name in "ab"]
    await spin(2)
    t(b.n_waiting)
    await b.abort()
    t([b.n_waiting, b.broken])
    await spin(3)
    t(await tr(b.wait()))
    await b.reset()
    t([b.n_waiting, b.broken])
    k = [asyncio.create_task(w(name)) for name in "cde"]
    for x in k:
        await x
    return t.l


@virtual("XBAR-23-reset-in-the-turn-of-the-abort")
async def _():
    t = H()
    b = asyncio.Barrier(2)

    async def w(name):
        t(name, await tr(b.wait()))
    k = [asyncio.create_task(w("a"))]
    await spin(2)
    k += [asyncio.create_task(b.abort()), asyncio.create_task(b.reset()), asyncio.create_task(w("b"))]
    await spin(8)
    t([[x.done() for x in k], b.n_waiting, b.broken])
    for x in k:
        x.cancel()
    await spin(2)
    return t.l


@virtual("XBAR-24-cancelled-while-it-drains")
async def _():
    t = H()
    b = asyncio.Barrier(3)

    async def w(name):
        t(name, await tr(b.wait()))
    k = [asyncio.create_task(w(name)) for name in "abcd"]
    await spin(2)
    t([[x.done() for x in k], b.n_waiting])
    k[0].cancel()
    await spin(8)
    t([[x.done() for x in k], b.n_waiting, b.broken])
    k[3].cancel()
    await spin(3)
    t([b.n_waiting, b.broken])
    return t.l


@virtual("XBAR-25-of-one-and-of-none")
async def _():
    t = H()
    b = asyncio.Barrier(1)
    asyncio.get_running_loop().call_soon(t, "tick")
    t([await b.wait(), await b.wait(), b.parties])
    async with b as i:
        t(i)
    await b.abort()
    t(await tr(b.wait()))
    for n in (0, -1):
        try:
            asyncio.Barrier(n)
        except ValueError as e:
            t(en(e))
    await spin()
    return t.l


@virtual("XBAR-26-last-one-cancelled-at-its-coming")
async def _():
    t = H()
    b = asyncio.Barrier(2)

    async def w(name):
        t(name, await tr(b.wait()))
    a = asyncio.create_task(w("a"))
    await spin(2)

    async def last():
        asyncio.current_task().cancel("at its coming")
        t("last", await b.wait())
        await asyncio.sleep(0)
        t("not reached")
    k = asyncio.create_task(last())
    t(await tr(k))
    await a
    return t.l
