# SPDX-License-Identifier: Apache-2.0
"""Further probes of asyncio; golden-3.13.json beside this file holds the traces of CPython 3.13.0.

    python3.13 extra_probes.py > golden-3.13.json     record them
    python3.13 extra_probes.py XCAN-                  print the traces of one group

The C++ counterparts lie beside this file, under the same ids. The modules in probes/ add cases to those below,
numbered from 20 in each group; they run in virtual time where they can.
"""
import asyncio
import concurrent.futures
import contextvars
import gc
import json
import logging
import os
import signal
import sys
import threading
import time

from probes.harness import CASES, H, aw, case, en, reports_to, run, spin, tr
from probes import (  # noqa: F401 (each registers its cases)
    blocks, cancels, combinators, groups, loops, primitives, queues, timeouts)

# ---------- XLOOP: order of callbacks, timers and stops

@case("XLOOP-01-sleepers-and-timers-of-one-deadline")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    async def s(i):
        await asyncio.sleep(0.01)
        t("sleeper", i)
    w = loop.time() + 0.01
    loop.call_at(w, t, "timer 1")
    k = [asyncio.create_task(s(1))]
    await spin()
    loop.call_later(0.01, t, "timer 2")
    k.append(asyncio.create_task(s(2)))
    await asyncio.sleep(0.03)
    return t.l


@case("XLOOP-02-due-timer-runs-in-the-next-turn")
async def _():
    # a timer that is due joins the turn that begins, behind what is ready
    t = H()
    loop = asyncio.get_running_loop()

    def tick(n):
        t(n)
        if n < 2:
            loop.call_soon(tick, n + 1)
    loop.call_soon(tick, 0)
    loop.call_later(0, t, "timer")
    await spin(4)
    return t.l


@case("XLOOP-03-threadsafe-keeps-order-in-the-loops-thread")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    loop.call_soon(t, 1)
    loop.call_soon_threadsafe(t, 2)
    loop.call_soon(t, 3)
    loop.call_soon_threadsafe(t, 4)
    await spin(2)
    return t.l


@case("XLOOP-04-stopped-before-it-runs")
def _():
    loop = asyncio.new_event_loop()
    t = H()
    loop.call_soon(t, "a")
    loop.call_soon(lambda: loop.call_soon(t, "b"))
    loop.stop()
    loop.run_forever()
    t("|")
    loop.stop()
    loop.run_forever()
    loop.close()
    return t.l


@case("XLOOP-05-run-until-complete-of-a-done-future")
def _():
    loop = asyncio.new_event_loop()
    t = H()
    f = loop.create_future()
    f.set_result("done before")
    loop.call_soon(t, "callback")
    t(loop.run_until_complete(f))
    loop.close()
    return t.l


@case("XLOOP-06-interrupt-in-a-callback-keeps-the-rest")
def _():
    loop = asyncio.new_event_loop()
    t = H()

    def bad():
        raise KeyboardInterrupt("in callback")
    loop.call_soon(t, "before")
    loop.call_soon(bad)
    loop.call_soon(t, "after")
    try:
        loop.run_forever()
    except KeyboardInterrupt as e:
        t(en(e))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    return t.l


@case("XLOOP-07-cancelled-error-in-a-callback-is-an-error")
async def _():
    t = H()
    reports_to(t)

    def bad():
        raise asyncio.CancelledError("from callback")
    asyncio.get_running_loop().call_soon(bad)
    await spin(2)
    return t.l


@case("XLOOP-08-cancel-timers-around-their-time")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    w = loop.time() + 0.005
    h = {}
    h[0] = loop.call_at(w, lambda: (t("first"), h[1].cancel()))
    await asyncio.sleep(0)
    h[1] = loop.call_at(w + 1e-9, t, "cancelled while due")
    h[2] = loop.call_at(w + 2e-9, t, "last")
    await asyncio.sleep(0.01)
    h[0].cancel()
    t([h[0].cancelled(), h[1].cancelled(), h[2].cancelled()])
    return t.l


@case("XLOOP-09-handler-asks-for-the-exit")
def _():
    loop = asyncio.new_event_loop()
    t = H()

    def handler(loop, context):
        t(en(context["exception"]))
        raise SystemExit(3)
    loop.set_exception_handler(handler)
    loop.call_soon(lambda: 1 / 0)
    loop.call_soon(t, "next")
    try:
        loop.run_forever()
    except SystemExit as e:
        t(en(e))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    return t.l


@case("XLOOP-10-signal-handler")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, t, "first handler")
    loop.add_signal_handler(signal.SIGUSR1, t, "second handler")
    os.kill(os.getpid(), signal.SIGUSR1)
    t("sent")
    await asyncio.sleep(0.02)
    t(loop.remove_signal_handler(signal.SIGUSR1))
    t(loop.remove_signal_handler(signal.SIGUSR1))
    return t.l


@case("XLOOP-11-keys-of-the-handlers-context")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda l, c: t(sorted(c)))
    f = loop.create_future()
    f.set_exception(ValueError())
    del f
    gc.collect()

    async def c():
        raise ValueError
    k = asyncio.create_task(c())
    await spin(2)
    del k
    gc.collect()
    return t.l


# ---------- XFUT: futures

@case("XFUT-01-callback-that-fails-leaves-the-others")
async def _():
    t = H()
    reports_to(t)
    f = asyncio.get_running_loop().create_future()

    def bad(_):
        raise ValueError("in callback")
    f.add_done_callback(lambda _: t("first"))
    f.add_done_callback(bad)
    f.add_done_callback(lambda _: t("last"))
    f.set_result(1)
    await spin(2)
    return t.l


@case("XFUT-02-result-set-in-a-callback")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    g = loop.create_future()

    def tick(n):
        t(n)
        if n < 4:
            loop.call_soon(tick, n + 1)

    async def w():
        await g
        t("resumed")
    k = asyncio.create_task(w())
    await spin()
    f.add_done_callback(lambda _: (t("f is done"), g.set_result(1)))
    g.add_done_callback(lambda _: t("g is done"))
    loop.call_soon(tick, 0)
    f.set_result(1)
    await k
    await spin(3)
    return t.l


@case("XFUT-03-callback-added-and-removed-by-a-callback")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()

    def late(_):
        t("late")

    def b(_):
        t("b")

    def a(_):
        t("a")
        t(f.remove_done_callback(b))
        f.add_done_callback(late)
    f.add_done_callback(a)
    f.add_done_callback(b)
    f.set_result(1)
    await spin(3)
    return t.l


@case("XFUT-04-waiters-and-callbacks-in-order-of-adding")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()

    async def w(i):
        await f
        t("waiter", i)
    f.add_done_callback(lambda _: t("callback 1"))
    a = asyncio.create_task(w(1))
    await spin()
    f.add_done_callback(lambda _: t("callback 2"))
    b = asyncio.create_task(w(2))
    await spin()
    f.set_result(1)
    await a
    await b
    return t.l


@case("XFUT-05-cancel-runs-callbacks-in-order")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()
    f.add_done_callback(lambda x: t("a", x.cancelled()))
    f.add_done_callback(lambda x: t("b", x is f))
    t(f.cancel("why"))
    t("sync")
    await spin()
    t(await tr(f))
    return t.l


@case("XFUT-06-error-and-cancel-in-one-turn")
async def _():
    # the awaiting task is cancelled, and the error counts as retrieved
    t = H()
    reports_to(t)
    f = asyncio.get_running_loop().create_future()
    k = asyncio.create_task(aw(f))
    await spin()
    f.set_exception(ValueError("lost"))
    k.cancel()
    t(await tr(k))
    t(k.cancelled())
    del f, k
    gc.collect()
    return t.l


@case("XFUT-07-error-and-cancel-in-one-turn-of-a-bare-await")
async def _():
    t = H()
    reports_to(t)
    f = asyncio.get_running_loop().create_future()

    async def bare():
        await f
    k = asyncio.create_task(bare())
    await spin()
    f.set_exception(ValueError("lost"))
    k.cancel("why")
    t(await tr(k))
    t(k.cancelled())
    return t.l


@case("XFUT-08-message-of-a-cancelled-future")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    k = asyncio.create_task(aw(f))
    b = asyncio.create_task(aw(k))
    await spin(2)
    f.cancel("from the future")
    t(await tr(b))
    t([k.cancelled(), k.cancelling(), b.cancelled(), b.cancelling()])
    return t.l


@case("XFUT-09-a-cancelled-error-as-exception")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()
    k = asyncio.create_task(aw(f))
    await spin()
    f.set_exception(asyncio.CancelledError("as an error"))
    t(f.cancelled())
    t(await tr(k))
    t([k.cancelled(), f.cancelled()])
    return t.l


@case("XFUT-10-foreign-loop-fails-after-a-turn")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    l2 = asyncio.new_event_loop()
    f = l2.create_future()
    loop.call_soon(t, "tick")
    r = await tr(f)
    t(r[0])
    l2.close()
    await spin()
    return t.l


@case("XFUT-11-concurrent-future")
async def _():
    t = H()
    c = concurrent.futures.Future()
    f = asyncio.wrap_future(c)
    t(c.set_running_or_notify_cancel())
    t(f.cancel())
    await spin(2)
    t([c.cancelled(), c.running()])
    c.set_result(1)
    await spin(2)
    t(f.cancelled())
    d = concurrent.futures.Future()
    g = asyncio.wrap_future(d)
    d.set_exception(ValueError("from afar"))
    t(g.done())
    t(await tr(g))
    return t.l


# ---------- XTASK: tasks

@case("XTASK-01-sleep-zero-is-fair")
async def _():
    t = H()

    async def c(name):
        for i in range(3):
            t(name + str(i))
            await asyncio.sleep(0)
    a = asyncio.create_task(c("a"))
    b = asyncio.create_task(c("b"))
    await a
    await b
    return t.l


@case("XTASK-02-coroutine-awaited-twice")
async def _():
    async def c():
        return 1
    x = c()
    r = [await tr(x), await tr(x)]

    async def start():
        return await asyncio.create_task(x)
    r.append(await tr(start()))
    return r


@case("XTASK-03-awaits-itself")
async def _():
    async def c():
        await asyncio.current_task()
    r = await tr(asyncio.create_task(c()))
    return [r[0], r[1][:42]]


@case("XTASK-04-eager-error")
async def _():
    t = H()
    reports_to(t)

    async def bad():
        raise ValueError("at once")
    k = asyncio.Task(bad(), loop=asyncio.get_running_loop(), eager_start=True)
    t([k.done(), k.cancelled()])
    t(await tr(k))
    k = asyncio.Task(bad(), loop=asyncio.get_running_loop(), eager_start=True)
    del k
    gc.collect()
    return t.l


@case("XTASK-05-eager-cancelled-at-its-first-suspension")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    async def c():
        t("start")
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            t("cancelled")
            raise
    k = asyncio.Task(c(), loop=loop, eager_start=True)
    t(k.cancel())
    t(k.done())
    t(await tr(k))

    async def self_cancel():
        asyncio.current_task().cancel("by itself")
        t("still runs")
        await asyncio.sleep(9)
    k = asyncio.Task(self_cancel(), loop=loop, eager_start=True)
    t(k.done())
    t(await tr(k))

    async def self_cancel_at_end():
        asyncio.current_task().cancel("at its end")
        return 1
    k = asyncio.Task(self_cancel_at_end(), loop=loop, eager_start=True)
    t([k.done(), k.cancelled()])
    t(await tr(k))
    return t.l


@case("XTASK-06-eager-tasks-nest")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    me = asyncio.current_task()

    async def inner():
        t(["inner", asyncio.current_task() is me])
        await asyncio.sleep(0)
        t("inner resumed")

    async def outer():
        o = asyncio.current_task()
        k = asyncio.Task(inner(), loop=loop, eager_start=True)
        t(["outer", asyncio.current_task() is o])
        await k
        t("outer resumed")
    k = asyncio.Task(outer(), loop=loop, eager_start=True)
    t(["main", asyncio.current_task() is me])
    await k
    return t.l


@case("XTASK-07-eager-context")
async def _():
    t = H()
    v = contextvars.ContextVar("v", default=0)
    v.set(1)

    async def c():
        t(v.get())
        v.set(2)
        await asyncio.sleep(0)
        t(v.get())
    k = asyncio.Task(c(), loop=asyncio.get_running_loop(), eager_start=True)
    t(v.get())
    await k
    t(v.get())
    return t.l


@case("XTASK-08-eager-exit")
def _():
    t = H()

    async def bad():
        raise SystemExit(4)

    async def main():
        try:
            asyncio.Task(bad(), loop=asyncio.get_running_loop(), eager_start=True)
            t("created")
        except SystemExit as e:
            t(["in main", en(e)])
            raise
    try:
        asyncio.run(main())
    except SystemExit as e:
        t(en(e))
    return t.l


@case("XTASK-09-exception-is-retrieved-by-a-callback")
async def _():
    t = H()
    reports_to(t)

    async def bad():
        raise ValueError("seen")
    k = asyncio.create_task(bad())
    k.add_done_callback(lambda x: t(en(x.exception())))
    await spin(3)
    del k
    gc.collect()
    k = asyncio.create_task(bad())
    k.add_done_callback(lambda x: t(x.done()))
    await spin(3)
    del k
    gc.collect()
    return t.l


@case("XTASK-10-three-waiters-of-one-task")
async def _():
    t = H()

    async def c():
        await asyncio.sleep(0)
        return "r"
    k = asyncio.create_task(c())

    async def w(i):
        t([i, await k])
    a = [asyncio.create_task(w(i)) for i in range(3)]
    for x in a:
        await x
    return t.l


# ---------- XCAN: cancellation

@case("XCAN-01-ticks-through-a-chain")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()
    inner = asyncio.create_task(aw(f))
    outer = asyncio.create_task(aw(inner))
    await spin(2)
    outer.cancel("why")
    for _ in range(3):
        t([f.cancelled(), inner.done(), outer.done()])
        await spin()
    t([f.cancelled(), inner.done(), outer.done()])
    t([inner.cancelling(), outer.cancelling()])
    t(await tr(outer))
    return t.l


@case("XCAN-02-twice-before-it-runs")
async def _():
    async def c():
        pass
    k = asyncio.create_task(c())
    r = [k.cancel("one"), k.cancel("two"), k.cancelling()]
    r += [await tr(k), k.cancelled(), k.cancelling(), k.cancel()]
    return r


@case("XCAN-03-before-it-runs-and-taken-back")
async def _():
    async def c():
        return "ran"
    k = asyncio.create_task(c())
    k.cancel()
    k.uncancel()
    return [await tr(k), k.cancelled()]


@case("XCAN-04-twice-while-it-waits")
async def _():
    # the message of the first; one CancelledError only
    t = H()

    async def c():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError as e:
            t(en(e))
        await asyncio.sleep(0)
        return "went on"
    k = asyncio.create_task(c())
    await spin()
    k.cancel("one")
    k.cancel("two")
    t(await tr(k))
    t(k.cancelling())
    return t.l


@case("XCAN-05-again-in-the-cleanup")
async def _():
    t = H()

    async def c():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError as e:
            t(en(e))
            try:
                await asyncio.sleep(9)
            except asyncio.CancelledError as e2:
                t(en(e2))
                raise
    k = asyncio.create_task(c())
    await spin()
    k.cancel("first")
    await spin()
    k.cancel("second")
    t(await tr(k))
    t(k.cancelling())
    return t.l


@case("XCAN-06-woken-then-cancelled-then-taken-back")
async def _():
    f = asyncio.get_running_loop().create_future()
    k = asyncio.create_task(aw(f))
    await spin()
    f.set_result("kept")
    k.cancel()
    k.uncancel()
    return [await tr(k), k.cancelled(), k.cancelling()]


@case("XCAN-07-taken-back-while-it-waits")
async def _():
    # the future that it waits for is cancelled already
    k = asyncio.create_task(asyncio.sleep(9))
    await spin()
    k.cancel()
    k.uncancel()
    return [await tr(k), k.cancelled(), k.cancelling()]


@case("XCAN-08-self-cancel-reaches-the-child")
async def _():
    t = H()

    async def child():
        t("child ran")

    async def c():
        k = asyncio.create_task(child())
        asyncio.current_task().cancel("passed on")
        try:
            await k
        finally:
            t([k.cancelled(), k.cancelling()])
    t(await tr(asyncio.create_task(c())))
    return t.l


@case("XCAN-09-done-callbacks-of-a-chain")
async def _():
    t = H()

    async def inner():
        try:
            await asyncio.sleep(9)
        finally:
            t("inner ends")
    ik = asyncio.create_task(inner())
    ik.add_done_callback(lambda _: t("inner callback 1"))

    async def outer():
        try:
            await ik
        finally:
            t("outer ends")
    k = asyncio.create_task(outer())
    k.add_done_callback(lambda _: t("outer callback"))
    await spin(2)
    ik.add_done_callback(lambda _: t("inner callback 2"))
    k.cancel()
    await tr(k)
    await spin()
    return t.l


@case("XCAN-10-cancel-from-its-own-done-callback")
async def _():
    t = H()

    async def c():
        return 1
    k = asyncio.create_task(c())
    k.add_done_callback(lambda x: t(x.cancel()))
    t(await tr(k))
    return t.l


@case("XCAN-11-a-sleeper-whose-time-is-up")
async def _():
    # cancelled in the turn in which its timer fires, before and after
    t = H()
    loop = asyncio.get_running_loop()

    async def c():
        await asyncio.sleep(0.01)
        return "slept"
    k = asyncio.create_task(c())
    await spin()
    loop.call_later(0.01, k.cancel)
    t(await tr(k))
    w = loop.time() + 0.01
    k = asyncio.create_task(c())
    loop.call_at(w, lambda: k.cancel())
    await spin()
    t(await tr(k))
    return t.l


@case("XCAN-12-two-tasks-that-cancel-each-other")
async def _():
    t = H()
    k = {}

    async def c(i):
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            t([i, k[1 - i].cancel()])
            await asyncio.sleep(0)
            t([i, "went on"])
    k[0] = asyncio.create_task(c(0))
    k[1] = asyncio.create_task(c(1))
    await spin()
    k[0].cancel()
    t(await tr(k[0]))
    t(await tr(k[1]))
    t([k[0].cancelling(), k[1].cancelling()])
    return t.l


@case("XCAN-13-cancelled-while-a-done-task-is-awaited")
async def _():
    # the child has its result, the parent is not resumed yet: cancelled, and the child untouched
    t = H()

    async def child():
        return "value"
    ck = asyncio.create_task(child())
    k = asyncio.create_task(aw(ck))
    await spin(2)
    t([ck.done(), k.done()])
    k.cancel()
    t(await tr(k))
    t([ck.cancelled(), ck.cancelling(), await tr(ck)])
    return t.l


@case("XCAN-14-a-swallowed-cancel-does-not-come-back")
async def _():
    t = H()

    async def c():
        for i in range(3):
            try:
                await asyncio.sleep(0.001)
                t(i)
            except asyncio.CancelledError:
                t("swallowed")
        return asyncio.current_task().cancelling()
    k = asyncio.create_task(c())
    await spin()
    k.cancel()
    t(await tr(k))
    return t.l


@case("XCAN-15-replaced-by-an-error")
async def _():
    async def c():
        try:
            await asyncio.sleep(9)
        finally:
            raise ValueError("instead")
    k = asyncio.create_task(c())
    await spin()
    k.cancel()
    return [await tr(k), k.cancelled(), k.cancelling()]


@case("XCAN-16-raised-by-hand-after-a-request")
async def _():
    async def c():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            raise asyncio.CancelledError("by hand")
    k = asyncio.create_task(c())
    await spin()
    k.cancel("asked")
    return [await tr(k), k.cancelled(), await tr(k)]


# ---------- XAGEN: asynchronous generators

@case("XAGEN-01-cancelled-in-the-middle")
async def _():
    t = H()

    async def g():
        try:
            yield 1
            await asyncio.sleep(9)
            yield 2
        finally:
            t("finally")
            await asyncio.sleep(0)
            t("cleaned")
    x = g()

    async def c():
        async for i in x:
            t(i)
    k = asyncio.create_task(c())
    await spin(2)
    k.cancel("why")
    t(await tr(k))
    t(await tr(x.__anext__()))
    return t.l


@case("XAGEN-02-swallows-and-yields")
async def _():
    t = H()

    async def g():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            yield "instead"
        yield "next"
    x = g()

    async def c():
        return [await x.__anext__(), await x.__anext__()]
    k = asyncio.create_task(c())
    await spin()
    k.cancel()
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    t(await tr(x.__anext__()))
    return t.l


@case("XAGEN-03-ends-with-an-error")
async def _():
    async def g():
        yield 1
        raise ValueError("in generator")
    x = g()
    return [await tr(x.__anext__()), await tr(x.__anext__()), await tr(x.__anext__()), await tr(x.aclose())]


@case("XAGEN-04-closed-before-its-start")
async def _():
    t = H()

    async def g():
        t("ran")
        yield 1
    x = g()
    t(await tr(x.aclose()))
    t(await tr(x.__anext__()))
    t(await tr(x.aclose()))
    return t.l


@case("XAGEN-05-closed-while-it-runs")
async def _():
    async def g():
        await asyncio.sleep(0.01)
        yield 1
        yield 2
    x = g()
    k = asyncio.create_task(tr(x.__anext__()))
    await spin()
    r = await tr(x.aclose())
    return [r, await k, await tr(x.__anext__()), await tr(x.aclose()), await tr(x.__anext__())]


@case("XAGEN-06-consumer-cancelled-at-its-own-await")
async def _():
    # the generator waits at its yield and does not notice
    t = H()

    async def g():
        try:
            yield 1
            yield 2
        finally:
            t("finally")
    x = g()

    async def c():
        async for i in x:
            t(i)
            await asyncio.sleep(9)
    k = asyncio.create_task(c())
    await spin()
    k.cancel()
    t(await tr(k))
    t(await tr(x.__anext__()))
    await x.aclose()
    return t.l


@case("XAGEN-07-shutdown-closes-all")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    async def g(i):
        try:
            yield i
        finally:
            await asyncio.sleep(0)
            t(["closed", i])
    xs = [g(0), g(1), g(2)]
    for x in xs[:2]:
        t(await x.__anext__())
    await loop.shutdown_asyncgens()
    t.l.sort(key=str)  # they are closed in no order
    for x in xs[:2]:
        t(await tr(x.__anext__()))
    return t.l


@case("XAGEN-08-error-while-shutdown-closes")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda l, c: t([c["message"][:61], en(c["exception"])]))

    async def g(i):
        try:
            yield i
        finally:
            if i == 0:
                raise ValueError("in closing")
            t(["closed", i])
    xs = [g(0), g(1)]
    for x in xs:
        await x.__anext__()
    await loop.shutdown_asyncgens()
    return sorted(t.l, key=str)


@case("XAGEN-09-awaits-a-cancelled-future")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()

    async def g():
        yield 1
        await f
        yield 2
    x = g()

    async def c():
        async for i in x:
            t(i)
    k = asyncio.create_task(c())
    await spin()
    f.cancel("future gone")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    t(await tr(x.__anext__()))
    return t.l


@case("XAGEN-10-context-is-the-consumers")
async def _():
    t = H()
    v = contextvars.ContextVar("v", default=0)

    async def g():
        for _ in range(2):
            t(v.get())
            v.set(v.get() + 1)
            yield
    x = g()
    v.set(10)
    await x.__anext__()
    t(v.get())

    async def c():
        v.set(20)
        await x.__anext__()
        t(v.get())
    await asyncio.create_task(c())
    t(v.get())
    await x.aclose()
    return t.l


# ---------- XCTX: context variables

@case("XCTX-01-in-callbacks")
async def _():
    t = H()
    v = contextvars.ContextVar("v", default=0)
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    v.set(1)
    f.add_done_callback(lambda _: (t("done", v.get()), v.set(50)))
    v.set(2)
    f.add_done_callback(lambda _: t("done", v.get()))
    loop.call_later(0.001, lambda: t("timer", v.get()))
    v.set(3)
    f.set_result(1)
    await asyncio.sleep(0.01)
    t(v.get())
    return t.l


@case("XCTX-02-context-is-copied-when-the-task-is-made")
async def _():
    t = H()
    v = contextvars.ContextVar("v", default=0)
    v.set(1)

    async def grandchild():
        t("grandchild", v.get())
        v.set(100)

    async def child():
        t("child", v.get())
        v.set(5)
        k = asyncio.create_task(grandchild())
        v.set(6)
        await k
        t("child", v.get())
    k = asyncio.create_task(child())
    v.set(2)
    await k
    t("main", v.get())
    return t.l


@case("XCTX-03-tokens")
async def _():
    v = contextvars.ContextVar("v", default=0)
    a = v.set(1)
    b = v.set(2)
    r = [v.get()]
    v.reset(b)
    r.append(v.get())
    v.reset(a)
    r.append(v.get())
    try:
        v.reset(a)
    except RuntimeError as e:
        r.append(type(e).__name__)
    w = contextvars.ContextVar("w", default=0)
    try:
        v.reset(w.set(1))
    except ValueError as e:
        r.append(type(e).__name__)
    u = contextvars.ContextVar("u")
    try:
        u.get()
    except LookupError as e:
        r.append(type(e).__name__)
    r.append(u.get("given"))
    return r


@case("XCTX-04-token-of-another-context")
async def _():
    v = contextvars.ContextVar("v", default=0)
    token = contextvars.copy_context().run(v.set, 1)
    try:
        v.reset(token)
    except ValueError as e:
        return type(e).__name__
    return "reset"


@case("XCTX-05-context-run")
async def _():
    v = contextvars.ContextVar("v", default=0)
    ctx = contextvars.copy_context()
    r = [ctx.run(lambda: (v.set(1), v.get())[1]), v.get(), ctx[v]]
    try:
        ctx.run(lambda: ctx.run(lambda: None))
    except RuntimeError as e:
        r.append(type(e).__name__)
    return r


# ---------- XTHR: threads

@case("XTHR-01-context-of-to-thread")
async def _():
    # copied when the coroutine runs, not when it is made
    v = contextvars.ContextVar("v", default=0)
    v.set(1)
    c = asyncio.to_thread(v.get)
    v.set(2)
    r = [await c]
    r.append(await asyncio.get_running_loop().run_in_executor(None, v.get))
    return r


@case("XTHR-02-thread-awaits-the-loop")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    async def back(x):
        await asyncio.sleep(0)
        return x + 1

    def work():
        return asyncio.run_coroutine_threadsafe(back(1), loop).result(1)
    t(await asyncio.to_thread(work))

    async def bad():
        raise KeyError("k")

    def work2():
        try:
            asyncio.run_coroutine_threadsafe(bad(), loop).result(1)
        except KeyError as e:
            return en(e)
    t(await asyncio.to_thread(work2))

    async def cancelled():
        asyncio.current_task().cancel()
        await asyncio.sleep(9)

    def work3():
        try:
            asyncio.run_coroutine_threadsafe(cancelled(), loop).result(1)
        except concurrent.futures.CancelledError as e:
            return type(e).__name__
    t(await asyncio.to_thread(work3))
    return t.l


@case("XTHR-03-executor-order-and-error")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    ex = concurrent.futures.ThreadPoolExecutor(1)
    ev = threading.Event()
    a = loop.run_in_executor(ex, ev.wait, 1)
    b = loop.run_in_executor(ex, t, "b")
    c = loop.run_in_executor(ex, t, "c")
    ev.set()
    t([await a, await b, await c])
    ex.shutdown()
    try:
        loop.run_in_executor(ex, t, "d")
    except RuntimeError as e:
        t(en(e))
    return t.l


# ---------- XRUN: runner

@case("XRUN-01-error-of-main-and-of-a-cleanup")
def _():
    t = H()

    async def h():
        try:
            await asyncio.sleep(99)
        finally:
            raise KeyError("cleanup")

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda l, c: t(en(c["exception"])))
        main.k = asyncio.create_task(h())
        await spin()
        raise ValueError("main")
    try:
        asyncio.run(main())
    except ValueError as e:
        t(en(e))
    return t.l


@case("XRUN-02-leftovers-that-start-others")
def _():
    t = H()

    async def late():
        t("late ran")

    async def h():
        try:
            await asyncio.sleep(99)
        finally:
            main.late = asyncio.create_task(late())
            await asyncio.sleep(0)
            t("h ends")

    async def main():
        main.k = asyncio.create_task(h())
        await spin()
        t("main ends")
    asyncio.run(main())
    return t.l


@case("XRUN-03-a-leftover-that-refuses")
def _():
    t = H()

    async def h():
        for _ in range(2):
            try:
                await asyncio.sleep(0.002)
                t("slept")
            except asyncio.CancelledError:
                t("swallowed")

    async def main():
        main.k = asyncio.create_task(h())
        await spin()
    asyncio.run(main())
    t(main.k.done())
    return t.l


@case("XRUN-04-main-cancelled-by-another")
def _():
    t = H()

    async def killer(k):
        k.cancel("by another")

    async def main():
        main.k = asyncio.create_task(killer(asyncio.current_task()))
        await asyncio.sleep(9)
    try:
        asyncio.run(main())
    except asyncio.CancelledError as e:
        t(en(e))
    return t.l


@case("XRUN-05-sigint-swallowed-by-main")
def _():
    t = H()

    async def main():
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            t(["swallowed", asyncio.current_task().cancelling()])
        await asyncio.sleep(0.001)
        return "ret"
    t(asyncio.run(main()))
    return t.l


# ---------- XTMO, XWF: timeouts

@case("XTMO-01-uncancel-in-nested-timeouts")
async def _():
    t = H()

    async def m():
        async with asyncio.timeout(0.03):
            try:
                async with asyncio.timeout(0.01):
                    await asyncio.sleep(9)
            except TimeoutError:
                t(["inner", asyncio.current_task().cancelling()])
            await asyncio.sleep(9)
    k = asyncio.create_task(m())
    t(await tr(k))
    t(k.cancelling())
    return t.l


@case("XTMO-02-outer-fires-first")
async def _():
    t = H()

    async def m():
        i = asyncio.timeout(0.02)
        try:
            async with asyncio.timeout(0.01) as o:
                try:
                    async with i:
                        await asyncio.sleep(9)
                except BaseException as e:
                    t([en(e), asyncio.current_task().cancelling()])
                    raise
        finally:
            t([o.expired(), i.expired(), asyncio.current_task().cancelling()])
    t(await tr(m()))
    return t.l


@case("XTMO-03-timeout-and-cancel-in-one-turn")
async def _():
    async def m():
        async with asyncio.timeout(0.01):
            await asyncio.sleep(9)
    k = asyncio.create_task(m())
    await spin()
    loop = asyncio.get_running_loop()
    loop.call_later(0.011, k.cancel, "outside")
    loop.call_soon(time.sleep, 0.03)
    return [await tr(k), k.cancelled(), k.cancelling()]


@case("XTMO-04-message-passes-through")
async def _():
    async def m():
        async with asyncio.timeout(9):
            await asyncio.sleep(9)
    k = asyncio.create_task(m())
    await spin()
    k.cancel("why")
    return await tr(k)


@case("XTMO-05-states")
async def _():
    r = []
    loop = asyncio.get_running_loop()
    cm = asyncio.timeout(9)
    try:
        cm.reschedule(loop.time())
    except RuntimeError as e:
        r.append(en(e))
    async with cm:
        pass
    try:
        cm.reschedule(loop.time())
    except RuntimeError as e:
        r.append(en(e))
    try:
        async with asyncio.timeout(9) as cm:
            cm.reschedule(loop.time() - 1)
            r.append(cm.expired())
            await asyncio.sleep(0)
            r.append("after sleep0")
            await asyncio.sleep(0)
            r.append("after second sleep0")
    except TimeoutError as e:
        r.append(en(e))
    return r


@case("XTMO-06-swallowed-by-the-body")
async def _():
    async with asyncio.timeout(0.005) as cm:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            pass
        r = [cm.expired(), asyncio.current_task().cancelling()]
    return r + [cm.expired(), asyncio.current_task().cancelling()]


@case("XWF-01-messages")
async def _():
    r = []
    k = asyncio.create_task(asyncio.wait_for(asyncio.sleep(9), 9))
    await spin()
    k.cancel("of the task")
    r.append(await tr(k))
    f = asyncio.get_running_loop().create_future()
    k = asyncio.create_task(asyncio.wait_for(f, 9))
    await spin()
    f.cancel("of the future")
    r += [await tr(k), k.cancelled(), k.cancelling()]
    return r


@case("XWF-02-timeout-cancels-the-future")
async def _():
    f = asyncio.get_running_loop().create_future()
    r = [await tr(asyncio.wait_for(f, 0.005)), f.cancelled()]

    async def c():
        try:
            await asyncio.sleep(9)
        finally:
            await asyncio.sleep(0.005)
            r.append("cleaned")
    k = asyncio.create_task(c())
    await spin()
    r += [await tr(asyncio.wait_for(k, 0)), k.cancelled(), k.cancelling()]
    return r


@case("XWF-03-error-and-cancel-in-one-turn")
async def _():
    f = asyncio.get_running_loop().create_future()
    k = asyncio.create_task(asyncio.wait_for(f, 9))
    await spin()
    f.set_exception(ValueError("lost"))
    k.cancel()
    return [await tr(k), k.cancelled()]


# ---------- XGAT, XSHD, XWAIT, XASC: combinators

@case("XGAT-01-message-reaches-the-children")
async def _():
    t = H()

    async def c():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError as e:
            t(en(e))
            raise

    async def m():
        await asyncio.gather(c(), c())
    k = asyncio.create_task(m())
    await spin(2)
    k.cancel("why")
    t(await tr(k))
    return t.l


@case("XGAT-02-one-future-twice")
async def _():
    f = asyncio.get_running_loop().create_future()
    g = asyncio.gather(f, f)
    f.set_result(1)
    return await g


@case("XGAT-03-ticks")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    def tick(n):
        t(n)
        if n < 4:
            loop.call_soon(tick, n + 1)

    async def c(i):
        t("child", i)
    loop.call_soon(tick, 0)
    await asyncio.gather(c(0), c(1))
    t("gathered")
    f = loop.create_future()
    f.set_result(1)
    g = asyncio.gather(f, f)
    t(g.done())
    await g
    t("gathered")
    await spin(4)
    return t.l


@case("XGAT-04-cancelled-before-it-began")
async def _():
    t = H()

    async def c(i):
        t("ran", i)
    g = asyncio.gather(c(0), c(1))
    t(g.cancel())
    t(await tr(g))
    t(g.cancelled())
    return t.l


@case("XSHD-01-ticks-and-messages")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    def tick(n):
        t(n)
        if n < 4:
            loop.call_soon(tick, n + 1)

    async def c():
        t("inner")
    loop.call_soon(tick, 0)
    await asyncio.shield(c())
    t("outer")
    await spin(4)
    k = asyncio.create_task(asyncio.sleep(9))

    async def m():
        await asyncio.shield(k)
    a = asyncio.create_task(m())
    await spin(2)
    k.cancel("inner message")
    t(await tr(a))
    return t.l


@case("XWAIT-01-ticks")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    def tick(n):
        t(n)
        if n < 5:
            loop.call_soon(tick, n + 1)
    f = loop.create_future()
    g = loop.create_future()

    async def m():
        d, p = await asyncio.wait([f, g], return_when=asyncio.FIRST_COMPLETED)
        t("waited", len(d), len(p))
    k = asyncio.create_task(m())
    await spin()
    loop.call_soon(tick, 0)
    f.set_result(1)
    loop.call_soon(lambda: loop.call_soon(g.set_result, 2))
    await k
    await spin(5)
    return t.l


@case("XASC-01-timeout")
async def _():
    r = []
    k = [asyncio.create_task(asyncio.sleep(0.001, "a")), asyncio.create_task(asyncio.sleep(9, "b"))]
    try:
        async for x in asyncio.as_completed(k, timeout=0.01):
            r.append(x.result())
    except TimeoutError as e:
        r.append(en(e))
    r.append([x.done() for x in k])
    return r


# ---------- XTG: task groups

@case("XTG-01-groups-nest")
async def _():
    async def bad(m):
        raise ValueError(m)

    async def inner():
        async with asyncio.TaskGroup() as g:
            g.create_task(bad("inner 1"))
            g.create_task(bad("inner 2"))

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(inner())
            g.create_task(bad("outer"))
            await asyncio.sleep(9)
    return await tr(main())


@case("XTG-02-ticks")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    def tick(n):
        t(n)
        if n < 4:
            loop.call_soon(tick, n + 1)

    async def c():
        t("child")
    loop.call_soon(tick, 0)
    async with asyncio.TaskGroup() as g:
        g.create_task(c()).add_done_callback(lambda _: t("callback"))
        t("body ends")
    t("left")
    await spin(4)
    return t.l


@case("XTG-03-a-cancelled-child-is-no-error")
async def _():
    t = H()
    async with asyncio.TaskGroup() as g:
        a = g.create_task(asyncio.sleep(9))
        b = g.create_task(asyncio.sleep(0.005, "b"))
        await asyncio.sleep(0)
        a.cancel()
    t([a.cancelled(), b.result()])
    return t.l


@case("XTG-04-body-raises-a-cancelled-error")
async def _():
    t = H()

    async def main():
        async with asyncio.TaskGroup() as g:
            t(g.create_task(asyncio.sleep(9)))
            raise asyncio.CancelledError("by hand")
    k = asyncio.create_task(main())
    r = await tr(k)
    return [r, k.cancelled(), k.cancelling(), t.l[0].cancelled()]


@case("XTG-05-cancelled-while-it-waits-for-the-tasks")
async def _():
    t = H()

    async def c():
        try:
            await asyncio.sleep(9)
        finally:
            await asyncio.sleep(0.005)
            t("cleaned")

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(c())
        t("not reached")
    k = asyncio.create_task(main())
    await spin(3)
    k.cancel("first")
    await spin()
    k.cancel("second")
    t(await tr(k))
    t(k.cancelling())
    return t.l


@case("XTG-06-error-while-an-outside-cancel-is-under-way")
async def _():
    t = H()

    async def c():
        try:
            await asyncio.sleep(9)
        finally:
            await asyncio.sleep(0.005)
            raise ValueError("cleanup")

    async def main():
        try:
            async with asyncio.TaskGroup() as g:
                g.create_task(c())
        finally:
            t(asyncio.current_task().cancelling())
    k = asyncio.create_task(main())
    await spin(3)
    k.cancel("outside")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@case("XTG-07-swallowed-before-the-group")
async def _():
    # a count from before the group does not count as a cancellation of the group
    t = H()

    async def main():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            pass
        async with asyncio.TaskGroup() as g:
            g.create_task(asyncio.sleep(0.001))
        t(["left", asyncio.current_task().cancelling()])
        async with asyncio.timeout(0.005):
            async with asyncio.TaskGroup() as g:
                g.create_task(asyncio.sleep(9))
    k = asyncio.create_task(main())
    await spin()
    k.cancel()
    t(await tr(k))
    t(k.cancelling())
    return t.l


# ---------- XLCK, XEVT, XCND, XSEM, XBAR, XQUE: primitives

@case("XLCK-01-ticks-of-a-hand-over")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    lock = asyncio.Lock()

    async def w(i):
        async with lock:
            t("has it", i)

    def tick(n):
        t(n)
        if n < 4:
            loop.call_soon(tick, n + 1)
    await lock.acquire()
    a = asyncio.create_task(w(1))
    b = asyncio.create_task(w(2))
    await spin()
    loop.call_soon(tick, 0)
    lock.release()
    t("released")
    await a
    await b
    await spin(3)
    return t.l


@case("XLCK-02-cancelled-in-the-turn-of-the-release")
async def _():
    t = H()
    lock = asyncio.Lock()

    async def w(i):
        async with lock:
            t("has it", i)
            await asyncio.sleep(0)
    await lock.acquire()
    k = [asyncio.create_task(w(i)) for i in range(3)]
    await spin()
    lock.release()
    k[0].cancel()
    k[1].cancel()
    for x in k:
        t(await tr(x))
    t(lock.locked())
    return t.l


@case("XEVT-01-order-and-ticks")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    ev = asyncio.Event()

    async def w(i):
        await ev.wait()
        t("woken", i)
    k = [asyncio.create_task(w(i)) for i in range(3)]
    await spin()
    loop.call_soon(t, "before")
    ev.set()
    loop.call_soon(t, "after")
    k[1].cancel()
    t("set")
    for x in k:
        t(await tr(x))
    return t.l


@case("XCND-01-notified-wait-for-the-lock-in-turn")
async def _():
    t = H()
    c = asyncio.Condition()

    async def w(i):
        async with c:
            await c.wait()
            t("woken", i)
            await asyncio.sleep(0)

    async def late():
        async with c:
            t("late")
    k = [asyncio.create_task(w(i)) for i in range(3)]
    await spin(2)
    async with c:
        c.notify_all()
        k.append(asyncio.create_task(late()))
        await spin(2)
        t("leaves")
    for x in k:
        await x
    return t.l


@case("XCND-02-cancelled-twice-while-it-takes-the-lock-again")
async def _():
    t = H()
    c = asyncio.Condition()

    async def w():
        async with c:
            try:
                await c.wait()
            except asyncio.CancelledError as e:
                t([en(e), c.locked()])
                raise
    k = asyncio.create_task(w())
    await spin()
    await c.acquire()
    k.cancel("first")
    await spin()
    k.cancel("second")
    await spin(2)
    t("still waits" if not k.done() else "done")
    c.release()
    r = await tr(k)
    t([r[0], k.cancelling(), c.locked()])
    return t.l


@case("XSEM-01-permits-and-cancelled-waiters")
async def _():
    t = H()
    s = asyncio.Semaphore(0)

    async def w(i):
        await s.acquire()
        t("has it", i)
    k = [asyncio.create_task(w(i)) for i in range(4)]
    await spin()
    s.release()
    s.release()
    k[0].cancel()
    k[2].cancel()
    await spin(3)
    t([x.done() for x in k])
    s.release()
    for x in k:
        t((await tr(x))[0])
    t(s.locked())
    return t.l


@case("XBAR-01-indexes-by-arrival")
async def _():
    t = H()
    b = asyncio.Barrier(3)

    async def w(name):
        t(name, await b.wait())
    k = [asyncio.create_task(w(name)) for name in "abc"]
    for x in k:
        await x
    t([b.n_waiting, b.broken])
    return t.l


@case("XQUE-01-producers-and-consumers")
async def _():
    t = H()
    q = asyncio.Queue(1)

    async def p(name):
        for i in range(2):
            await q.put(name + str(i))
            t("put", name + str(i))

    async def c(name):
        for _ in range(2):
            t(name, await q.get())
    k = [asyncio.create_task(x) for x in (p("a"), c("x"), p("b"), c("y"))]
    for x in k:
        await x
    return t.l


@case("XQUE-02-cancelled-putter-in-the-turn-of-the-get")
async def _():
    t = H()
    q = asyncio.Queue(1)
    q.put_nowait(0)

    async def p(i):
        await q.put(i)
        t("put", i)
    k = [asyncio.create_task(p(i)) for i in (1, 2)]
    await spin()
    t(q.get_nowait())
    k[0].cancel()
    for x in k:
        t((await tr(x))[0])
    t([q.qsize(), q.get_nowait()])
    return t.l


@case("XQUE-03-immediate-shutdown")
async def _():
    t = H()
    q = asyncio.Queue()
    q.put_nowait(1)
    q.put_nowait(2)
    j = asyncio.create_task(q.join())
    await spin()
    q.shutdown(immediate=True)
    t(await tr(j))
    t(await tr(q.get()))
    t(q.qsize())
    try:
        q.put_nowait(3)
    except asyncio.QueueShutDown as e:
        t(en(e))
    return t.l


if __name__ == "__main__":
    logging.getLogger("asyncio").addHandler(logging.NullHandler())
    logging.lastResort = None
    sys.unraisablehook = lambda *a: None
    chosen = [id for id in CASES if not sys.argv[1:] or any(id.startswith(o) for o in sys.argv[1:])]
    lines = []
    for id in chosen:
        try:
            trace = run(id)
        except BaseException as e:
            trace = {"PROBE-ERROR": en(e)}
        lines.append(json.dumps(id) + ": " + json.dumps(trace))
    print("{\n" + ",\n".join(lines) + "\n}")
