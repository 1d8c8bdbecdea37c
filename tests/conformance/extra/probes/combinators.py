# SPDX-License-Identifier: Apache-2.0
"""XGAT-2x, XSHD-2x, XWAIT-2x, XASC-2x: gather(), shield(), wait(), as_completed()."""
import asyncio
import gc

from probes.harness import H, aw, en, reports_to, spin, tr, virtual


def count():
    return asyncio.current_task().cancelling()


async def bad(text, delay=0):
    await asyncio.sleep(delay)
    raise ValueError(text)


@virtual("XGAT-20-one-future-twice-that-fails")
async def _():
    t = H()
    reports_to(t)
    f = asyncio.get_running_loop().create_future()
    g = asyncio.gather(f, f)
    f.set_exception(ValueError("once"))
    t(await tr(g))
    await spin(2)
    k = asyncio.create_task(bad("task"))
    t(await tr(asyncio.gather(k, k, return_exceptions=True)) == ["ok", [k.exception(), k.exception()]])
    k = asyncio.create_task(bad("task"))
    t(await tr(asyncio.gather(k, asyncio.sleep(0), k)))
    await spin(3)
    return t.l


@virtual("XGAT-21-one-task-twice-that-is-cancelled")
async def _():
    t = H()
    k = asyncio.create_task(asyncio.sleep(1))
    g = asyncio.gather(k, k)
    await spin()
    t(g.cancel("why"))
    t(await tr(g))
    t([k.cancelled(), k.cancelling(), g.cancelled(), g.done()])
    return t.l


@virtual("XGAT-22-nested-and-cancelled")
async def _():
    t = H()

    async def c(i):
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError as e:
            t([i, en(e)])
            raise

    async def m():
        try:
            await asyncio.gather(asyncio.gather(c(1), c(2)), c(3))
        except asyncio.CancelledError as e:
            t([en(e), count()])
            raise
    k = asyncio.create_task(m())
    await spin(2)
    k.cancel("why")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XGAT-23-cancelled-children-refuse")
async def _():
    t = H()

    async def refuses(i):
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            pass
        return i
    for options in ({}, {"return_exceptions": True}):
        g = asyncio.gather(refuses(1), refuses(2), **options)
        await spin()
        t(g.cancel("why"))
        t(await tr(g))
        t([g.cancelled(), count()])
    return t.l


@virtual("XGAT-24-children-cancelled-one-by-one")
async def _():
    t = H()
    k = [asyncio.create_task(asyncio.sleep(1, i)) for i in range(3)]
    g = asyncio.gather(*k, return_exceptions=True)
    await spin()
    k[0].cancel("zero")
    k[2].cancel()
    r = await g
    t([type(x).__name__ if isinstance(x, BaseException) else x for x in r])
    k = [asyncio.create_task(asyncio.sleep(1, i)) for i in range(3)]
    g = asyncio.gather(*k)
    await spin()
    k[1].cancel("one")
    t(await tr(g))
    t([g.cancelled(), [x.done() for x in k]])
    for x in k:
        x.cancel()
    return t.l


@virtual("XGAT-25-cancel-when-all-are-done-but-not-counted")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    f = [loop.create_future() for _ in range(2)]
    g = asyncio.gather(*f)
    f[0].set_result(0)
    f[1].set_result(1)
    t([g.done(), g.cancel()])
    t(await tr(g))
    t([g.cancel(), g.cancelled()])
    return t.l


@virtual("XGAT-26-waiter-cancelled-when-all-are-done-but-not-counted")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    f = [loop.create_future() for _ in range(2)]
    g = asyncio.gather(*f)
    k = asyncio.create_task(aw(g))
    await spin()
    f[0].set_result(0)
    f[1].set_result(1)
    k.cancel("why")
    t(await tr(k))
    t([k.cancelled(), g.done(), g.cancelled()])
    return t.l


@virtual("XGAT-27-nothing-to-gather")
async def _():
    t = H()
    asyncio.get_running_loop().call_soon(t, "tick")
    t(await asyncio.gather())
    g = asyncio.gather(*[], return_exceptions=True)
    t([g.done(), g.cancel(), await g])
    await spin()
    return t.l


@virtual("XGAT-28-cancelled-after-a-child-failed")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()
    g = asyncio.gather(f, asyncio.sleep(1, "late"))
    f.set_exception(ValueError("first"))
    await spin()
    t([g.done(), g.cancel("why")])
    t(await tr(g))
    return t.l


@virtual("XGAT-29-waiter-refuses-and-asks-again")
async def _():
    t = H()

    async def c(i):
        await asyncio.sleep(i)
        return i

    async def m():
        g = asyncio.gather(c(1), asyncio.shield(c(2)))
        try:
            await g
        except asyncio.CancelledError as e:
            t([en(e), g.done(), g.cancelled()])
        t(await tr(g))
        t(count())
        return "went on"
    k = asyncio.create_task(m())
    await asyncio.sleep(0.5)
    k.cancel("why")
    t(await tr(k))
    return t.l


@virtual("XGAT-30-done-callbacks")
async def _():
    t = H()
    g = asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2))
    g.add_done_callback(lambda x: t("called", x is g, x.result()))
    await g
    t("awaited")
    await spin()
    return t.l


@virtual("XSHD-20-inner-fails-later-and-somebody-asks")
async def _():
    t = H()
    reports_to(t)
    k = asyncio.create_task(bad("late", 0.2))
    t(await tr(asyncio.wait_for(asyncio.shield(k), 0.1)))
    t(await tr(k))
    await spin(2)
    del k
    gc.collect()
    return t.l


@virtual("XSHD-21-inner-fails-later-and-nobody-asks")
async def _():
    t = H()
    asyncio.get_running_loop().set_exception_handler(lambda l, c: t("report", en(c["exception"])))
    t(await tr(asyncio.wait_for(asyncio.shield(bad("late", 0.2)), 0.1)))
    await asyncio.sleep(0.2)
    gc.collect()
    return t.l


@virtual("XSHD-22-of-shield")
async def _():
    t = H()
    k = asyncio.create_task(asyncio.sleep(0.2, "value"))
    s = asyncio.shield(k)
    w = asyncio.create_task(aw(asyncio.shield(s)))
    await spin()
    w.cancel("outer")
    t(await tr(w))
    t([s.done(), k.done(), k.cancelling()])
    t(await tr(s))
    s = asyncio.shield(k)
    t([s is k, await s])
    return t.l


@virtual("XSHD-23-inner-done-and-outer-cancelled-in-one-turn")
async def _():
    t = H()
    reports_to(t)
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    w = asyncio.create_task(aw(asyncio.shield(f)))
    await spin()
    f.set_result("value")
    w.cancel("outer")
    t(await tr(w))
    t([w.cancelled(), f.result()])
    f = loop.create_future()
    w = asyncio.create_task(aw(asyncio.shield(f)))
    await spin()
    f.set_exception(ValueError("inner"))
    w.cancel("outer")
    t(await tr(w))
    await spin()
    del f, w
    gc.collect()
    return t.l


@virtual("XSHD-24-inner-cancelled")
async def _():
    t = H()
    k = asyncio.create_task(asyncio.sleep(1))
    s = asyncio.shield(k)
    w = asyncio.create_task(aw(s))
    await spin()
    k.cancel()
    t(await tr(w))
    t([s.cancelled(), w.cancelled(), w.cancelling(), k.cancelling()])
    return t.l


@virtual("XSHD-25-two-shields-of-one")
async def _():
    t = H()
    k = asyncio.create_task(bad("both", 0.1))
    a = asyncio.create_task(aw(asyncio.shield(k)))
    b = asyncio.create_task(aw(asyncio.shield(k)))
    await spin()
    a.cancel()
    t(await tr(a))
    t(await tr(b))
    return t.l


@virtual("XWAIT-20-first-exception")
async def _():
    t = H()
    a = asyncio.create_task(asyncio.sleep(1), name="a")
    b = asyncio.create_task(bad("b", 0.2), name="b")
    c = asyncio.create_task(asyncio.sleep(0.1), name="c")
    d = asyncio.create_task(asyncio.sleep(1), name="d")
    asyncio.get_running_loop().call_later(0.05, d.cancel)
    done, pending = await asyncio.wait([a, b, c, d], return_when=asyncio.FIRST_EXCEPTION)
    t([sorted(x.get_name() for x in s) for s in (done, pending)])
    done, pending = await asyncio.wait([c, a], return_when=asyncio.FIRST_EXCEPTION, timeout=0.3)
    t([sorted(x.get_name() for x in s) for s in (done, pending)])
    done, pending = await asyncio.wait([b, d, a], return_when=asyncio.FIRST_EXCEPTION)
    t([sorted(x.get_name() for x in s) for s in (done, pending)])
    return t.l


@virtual("XWAIT-21-one-task-twice")
async def _():
    t = H()
    k = asyncio.create_task(asyncio.sleep(0.1))
    p = asyncio.create_task(asyncio.sleep(1))
    done, pending = await asyncio.wait([k, p, k, p], return_when=asyncio.FIRST_COMPLETED)
    t([len(done), len(pending)])
    done, pending = await asyncio.wait([k, k])
    t([len(done), len(pending)])
    return t.l


@virtual("XWAIT-22-no-time-and-nothing")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    k = asyncio.create_task(asyncio.sleep(0))
    loop.call_soon(t, "tick")
    done, pending = await asyncio.wait([k], timeout=0)
    t([len(done), len(pending)])
    t(await tr(asyncio.wait([])))
    return t.l


@virtual("XWAIT-23-cancelled-in-the-turn-of-the-completion")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()

    async def m():
        done, pending = await asyncio.wait([f])
        return len(done)
    k = asyncio.create_task(m())
    await spin()
    f.set_result(1)
    k.cancel("meets")
    t(await tr(k))
    k = asyncio.create_task(m())
    await spin()
    k.cancel("done before")
    t(await tr(k))
    t(f.result())
    return t.l


@virtual("XWAIT-24-two-fail-in-one-turn")
async def _():
    t = H()
    reports_to(t)
    a = asyncio.create_task(bad("a"))
    b = asyncio.create_task(bad("b"))
    c = asyncio.create_task(asyncio.sleep(1))
    done, pending = await asyncio.wait([a, b, c], return_when=asyncio.FIRST_EXCEPTION)
    t([len(done), len(pending)])
    del a, b, done
    gc.collect()
    return t.l


@virtual("XWAIT-25-callbacks-are-removed")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()
    f.add_done_callback(lambda _: t("mine"))
    await asyncio.wait([f], timeout=0.1)
    f.set_result(1)
    await spin(2)
    return t.l


@virtual("XASC-20-after-the-timeout")
async def _():
    t = H()
    k = [asyncio.create_task(asyncio.sleep(i, i)) for i in range(4)]
    it = asyncio.as_completed(k, timeout=1.5)
    await asyncio.sleep(2.5)
    for _ in range(6):
        try:
            t((await it.__anext__()).result())
        except (TimeoutError, StopAsyncIteration) as e:
            t(en(e))
    return t.l


@virtual("XASC-21-one-task-twice")
async def _():
    t = H()
    k = asyncio.create_task(asyncio.sleep(0.1, "value"))
    async for x in asyncio.as_completed([k, k]):
        t(x.result())
    for x in asyncio.as_completed([k, k]):
        t(await x)
    t(k.result())
    return t.l


@virtual("XASC-22-errors-are-raised-one-by-one")
async def _():
    t = H()
    k = [asyncio.create_task(bad(str(i), 0.1 * i)) for i in (3, 1, 2)]
    k.append(asyncio.create_task(asyncio.sleep(0.15, "good")))
    k[1].add_done_callback(lambda _: k[2].cancel("by callback"))
    for x in asyncio.as_completed(k):
        t(await tr(x))
    return t.l


@virtual("XASC-23-two-consumers")
async def _():
    t = H()
    it = asyncio.as_completed([asyncio.create_task(asyncio.sleep(0.1 * i, i)) for i in range(4)])

    async def consumer(name):
        async for x in it:
            t(name, x.result())
        t(name, "ends")
    await asyncio.gather(consumer("a"), consumer("b"))
    return t.l


@virtual("XASC-24-nothing")
async def _():
    t = H()
    async for x in asyncio.as_completed([]):
        t("not reached")
    async for x in asyncio.as_completed([], timeout=0):
        t("not reached")
    t(await tr(asyncio.as_completed([]).__anext__()))
    return t.l


@virtual("XASC-25-done-ones-come-after-a-turn")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    f.set_result("f")
    loop.call_soon(t, "tick")
    async for x in asyncio.as_completed([f]):
        t(x.result())
    return t.l
