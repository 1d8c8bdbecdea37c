# SPDX-License-Identifier: Apache-2.0
"""XCAN-2x, XCAN-3x: cancellation from odd places."""
import asyncio

from probes.harness import H, aw, en, reports_to, spin, tr, virtual


def count():
    return asyncio.current_task().cancelling()


@virtual("XCAN-20-through-gather-shield-and-wait-for")
async def _():
    t = H()

    async def inner():
        try:
            await asyncio.wait_for(asyncio.sleep(1), 2)
            t("inner ends")
            return "value"
        except asyncio.CancelledError:
            t("inner cancelled")
            raise
    i = asyncio.create_task(inner())

    async def plain():
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError as e:
            t(en(e))
            raise

    async def m():
        return await asyncio.gather(asyncio.shield(i), plain())
    k = asyncio.create_task(m())
    await spin(3)
    k.cancel("why")
    t(await tr(k))
    t([k.cancelled(), k.cancelling(), i.done(), i.cancelling()])
    t(await i)
    return t.l


@virtual("XCAN-21-by-a-callback-of-what-it-waits-for")
async def _():
    # before and after the task's own wake-up in the future's list
    t = H()
    for early in (True, False):
        f = asyncio.get_running_loop().create_future()
        k = None
        if early:
            f.add_done_callback(lambda _: t(k.cancel("by callback")))
        k = asyncio.create_task(aw(f))
        await spin()
        if not early:
            f.add_done_callback(lambda _: t(k.cancel("by callback")))
        f.set_result("value")
        t(await tr(k))
        t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XCAN-22-take-back-and-ask-again-before-it-runs")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()
    k = asyncio.create_task(aw(f))
    await spin()
    f.set_result("value")
    k.cancel("one")
    k.uncancel()
    k.cancel("two")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    f = asyncio.get_running_loop().create_future()
    k = asyncio.create_task(aw(f))
    await spin()
    f.set_result("value")
    k.cancel("one")
    k.cancel("two")
    k.uncancel()
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XCAN-23-message-of-the-last-request-before-a-suspension")
async def _():
    t = H()

    async def m():
        me = asyncio.current_task()
        me.cancel("one")
        me.cancel("two")
        me.uncancel()
        await asyncio.sleep(0)
    k = asyncio.create_task(m())
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XCAN-24-counts-of-a-done-task")
async def _():
    t = H()

    async def m():
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            return "refused"
    k = asyncio.create_task(m())
    await spin()
    t([k.cancel(), k.cancel(), k.cancel(), k.cancelling()])
    t(await k)
    t([k.cancel(), k.cancelling(), k.uncancel(), k.uncancel(), k.uncancel(), k.uncancel()])
    t([k.cancelled(), k.result()])
    return t.l


@virtual("XCAN-25-in-a-bare-yield")
async def _():
    t = H()

    async def m():
        try:
            await asyncio.sleep(0)
            t("not reached")
        except asyncio.CancelledError as e:
            t([en(e), count()])
            await asyncio.sleep(0)
            t("yields on")
            raise
    k = asyncio.create_task(m())
    await spin()
    k.cancel("why")
    t(await tr(k))
    k = asyncio.create_task(m())
    await spin()
    k.cancel("why")
    k.uncancel()
    t(await tr(k))
    return t.l


@virtual("XCAN-26-awaits-what-was-cancelled-before")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()
    f.cancel("early")

    async def m():
        for _ in range(2):
            try:
                await f
            except asyncio.CancelledError as e:
                t([en(e), count()])
        await asyncio.sleep(0)
        return "went on"
    k = asyncio.create_task(m())
    t(await tr(k))
    return t.l


@virtual("XCAN-27-meets-the-error-of-an-awaited-task")
async def _():
    t = H()
    reports_to(t)

    async def fails():
        await asyncio.sleep(0)
        raise ValueError("inner")
    i = asyncio.create_task(fails())
    k = asyncio.create_task(aw(i))
    await spin(2)
    t([i.done(), k.done()])
    k.cancel("meets")
    t(await tr(k))
    t([k.cancelled(), en(i.exception())])
    return t.l


@virtual("XCAN-28-swallowed-in-the-middle-of-a-chain")
async def _():
    t = H()

    async def low():
        try:
            await asyncio.sleep(1)
        finally:
            t("low")

    async def middle():
        try:
            await low()
        except asyncio.CancelledError:
            t("middle swallows")
        await asyncio.sleep(0.1)
        return "middle"

    async def high():
        r = await middle()
        t(count())
        await asyncio.sleep(0.1)
        return r + " and high"
    k = asyncio.create_task(high())
    await spin()
    k.cancel()
    await asyncio.sleep(0.15)
    k.cancel("again")
    t(await tr(k))
    t(k.cancelling())
    return t.l


@virtual("XCAN-29-itself-in-its-cleanup")
async def _():
    t = H()

    async def m():
        try:
            raise ValueError("first")
        finally:
            asyncio.current_task().cancel("itself")
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError as e:
                t(en(e))
    k = asyncio.create_task(m())
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XCAN-30-at-its-end-with-requests-taken-back")
async def _():
    t = H()

    async def m(back):
        me = asyncio.current_task()
        me.cancel("at its end")
        me.cancel("twice")
        for _ in range(back):
            me.uncancel()
        return "value"
    for back in range(4):
        k = asyncio.create_task(m(back))
        t(await tr(k))
        t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XCAN-31-self-cancel-then-gather")
async def _():
    t = H()

    async def child(i):
        t(["ran", i])

    async def m():
        asyncio.current_task().cancel("passed on")
        try:
            await asyncio.gather(child(1), child(2))
        finally:
            t(count())
    k = asyncio.create_task(m())
    t(await tr(k))
    t(k.cancelled())
    return t.l


@virtual("XCAN-32-a-waiter-of-a-refusing-task-and-a-second-request")
async def _():
    t = H()

    async def inner():
        for _ in range(2):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError as e:
                t(["refuses", en(e)])
        return "inner"
    i = asyncio.create_task(inner())
    k = asyncio.create_task(aw(i))
    await spin(2)
    k.cancel("one")
    await spin(3)
    t([i.done(), k.done()])
    k.cancel("two")
    t(await tr(k))
    t([k.cancelling(), i.cancelling(), k.cancelled()])
    return t.l


@virtual("XCAN-33-three-waiters-of-one-task")
async def _():
    t = H()

    async def inner():
        try:
            await asyncio.sleep(1)
        finally:
            await asyncio.sleep(0.1)
    i = asyncio.create_task(inner())
    k = [asyncio.create_task(aw(i)) for _ in range(3)]
    await spin(2)
    k[1].cancel("the second")
    k[2].cancel("the third")
    for x in k:
        t(await tr(x))
    t([x.cancelling() for x in k] + [i.cancelling()])
    return t.l


@virtual("XCAN-34-from-a-timer-in-the-turn-of-its-start")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    async def m():
        t("started")
        await asyncio.sleep(0)
        t("not reached")
    k = asyncio.create_task(m())
    loop.call_soon(k.cancel, "in the turn of its start")
    t(await tr(k))
    holder = {}
    loop.call_soon(lambda: t(holder["k"].cancel("before its start")))
    k = holder["k"] = asyncio.create_task(m())
    t(await tr(k))
    return t.l


@virtual("XCAN-35-a-cancelled-tasks-callback-cancels-its-waiter")
async def _():
    t = H()
    inner = asyncio.create_task(asyncio.sleep(1))
    k = asyncio.create_task(tr(inner))
    inner.add_done_callback(lambda _: t(k.cancel("by callback")))
    await spin(2)
    inner.cancel("inner")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XCAN-36-error-replaced-in-nested-handlers")
async def _():
    t = H()

    async def m():
        try:
            try:
                await asyncio.sleep(1)
            finally:
                raise ValueError("one")
        except ValueError:
            await asyncio.sleep(0)
            t(count())
            raise asyncio.CancelledError("back again")
    k = asyncio.create_task(m())
    await spin()
    k.cancel("why")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l
