# SPDX-License-Identifier: Apache-2.0
"""XTMO-2x, XWF-2x: timeouts and wait_for() in odd moments."""
import asyncio

from probes.harness import H, en, spin, tr, virtual


def count():
    return asyncio.current_task().cancelling()


@virtual("XTMO-20-reschedule-while-it-expires")
async def _():
    t = H()

    async def m():
        async with asyncio.timeout(0.5):
            async with asyncio.timeout(0.2):
                async with asyncio.timeout(0.1) as c:
                    try:
                        await asyncio.sleep(1)
                    except asyncio.CancelledError as e:
                        t([en(e), c.expired(), count()])
                        try:
                            c.reschedule(asyncio.get_running_loop().time() + 1)
                        except RuntimeError as e2:
                            t(en(e2))
                        raise
    try:
        await m()
    except TimeoutError as e:
        t([en(e), count(), type(e.__cause__).__name__])
    return t.l


@virtual("XTMO-21-reschedule-to-and-fro")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    start = loop.time()

    async def m():
        async with asyncio.timeout(0.1) as c:
            c.reschedule(None)
            t(c.when() is None)
            await asyncio.sleep(0.2)
            c.reschedule(start + 0.3)
            loop.call_at(start + 0.25, c.reschedule, start + 0.4)
            try:
                await asyncio.sleep(1)
            finally:
                t([round(1000 * (loop.time() - start)), c.expired()])
    t(await tr(m()))
    return t.l


@virtual("XTMO-22-reschedule-to-the-past-and-leave-at-once")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(9) as c:
        c.reschedule(loop.time() - 1)
    t([c.expired(), count()])
    async with asyncio.timeout(0) as c:
        t("inside")
    t([c.expired(), count()])
    await spin(2)
    t(count())
    return t.l


@virtual("XTMO-23-deadline-then-cancel-before-the-task-runs")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    async def m():
        try:
            async with asyncio.timeout_at(loop.time() + 0.1) as c:
                await asyncio.sleep(1)
        finally:
            t([c.expired(), count()])
    for taken_back in (False, True):
        when = loop.time() + 0.1
        k = asyncio.create_task(m())
        await spin()

        def cancel():
            k.cancel("outside")
            if taken_back:
                k.uncancel()
        loop.call_at(when + 1e-10, cancel)
        t(await tr(k))
        t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTMO-24-body-takes-the-request-back")
async def _():
    t = H()
    async with asyncio.timeout(0.1) as c:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            t(asyncio.current_task().uncancel())
    t([c.expired(), count()])

    async def m():
        async with asyncio.timeout(0.1):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
                raise
    t(await tr(m()))
    t(count())
    return t.l


@virtual("XTMO-25-when")
async def _():
    loop = asyncio.get_running_loop()
    start = loop.time()
    r = []
    c = asyncio.timeout(1)
    d = asyncio.timeout_at(start + 2)
    n = asyncio.timeout(None)
    r.append([d.when() == start + 2, n.when() is None])
    async with c, d, n:
        r.append([c.when() == start + 1, d.when() == start + 2, n.when() is None])
        n.reschedule(start + 3)
        r.append(n.when() == start + 3)
        r.append([c.expired(), d.expired(), n.expired()])
    r.append([c.when() == start + 1, n.when() == start + 3])
    return r


@virtual("XTMO-26-three-deadlines-at-once")
async def _():
    t = H()
    when = asyncio.get_running_loop().time() + 0.1

    async def m():
        try:
            async with asyncio.timeout_at(when) as a:
                try:
                    async with asyncio.timeout_at(when) as b:
                        try:
                            async with asyncio.timeout_at(when) as c:
                                await asyncio.sleep(1)
                        finally:
                            t([c.expired(), count()])
                finally:
                    t([b.expired(), count()])
        finally:
            t([a.expired(), count()])
    t(await tr(m()))
    t(count())
    return t.l


@virtual("XTMO-27-cancelled-in-the-cleanup-of-a-timeout")
async def _():
    t = H()

    async def m():
        async with asyncio.timeout(0.1):
            try:
                await asyncio.sleep(1)
            finally:
                t(count())
                await asyncio.sleep(0.2)
                t("cleaned")
    k = asyncio.create_task(m())
    await asyncio.sleep(0.2)
    k.cancel("outside")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTMO-28-group-error-carries-the-timeout")
async def _():
    t = H()

    async def child():
        try:
            await asyncio.sleep(1)
        finally:
            raise ValueError("cleanup")

    async def m():
        async with asyncio.timeout(0.1):
            async with asyncio.TaskGroup() as g:
                g.create_task(child())
    try:
        await m()
    except BaseException as e:
        t([en(e), count()])
    return t.l


@virtual("XTMO-29-timer-loop")
async def _():
    # a timeout in a loop that goes on after each
    t = H()
    for i in range(3):
        try:
            async with asyncio.timeout(0.1 if i != 1 else 0.3):
                await asyncio.sleep(0.2)
                t(["slept", i])
        except TimeoutError:
            t(["timeout", i, count()])
    return t.l


@virtual("XWF-20-nothing-to-wait-for")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    done.set_result("done")
    failed = loop.create_future()
    failed.set_exception(ValueError("failed"))
    cancelled = loop.create_future()
    cancelled.cancel("cancelled")
    loop.call_soon(t, "tick")
    for limit in (None, 0, -1, 1):
        for f in (done, failed, cancelled):
            t(await tr(asyncio.wait_for(f, limit)))
    pending = loop.create_future()
    t(await tr(asyncio.wait_for(pending, -1)))
    t(pending.cancelled())

    async def c():
        t("ran")
    t(await tr(asyncio.wait_for(c(), -1)))
    t(await tr(asyncio.wait_for(c(), None)))
    return t.l


@virtual("XWF-21-task-refuses-at-zero")
async def _():
    t = H()

    async def refuses():
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)
            return "refused"

    async def fails():
        try:
            await asyncio.sleep(1)
        finally:
            raise ValueError("cleanup")
    a = asyncio.create_task(refuses())
    b = asyncio.create_task(fails())
    await spin()
    t(await tr(asyncio.wait_for(a, 0)))
    t(await tr(asyncio.wait_for(b, 0)))
    t([a.cancelling(), b.cancelling(), count()])
    return t.l


@virtual("XWF-22-task-refuses-at-the-deadline")
async def _():
    t = H()

    async def refuses():
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)
            return "refused"
    k = asyncio.create_task(refuses())
    t(await tr(asyncio.wait_for(k, 0.1)))
    t([k.cancelling(), count()])
    t(await tr(asyncio.wait_for(refuses(), 0.1)))
    t(count())
    return t.l


@virtual("XWF-23-cancelled-while-the-inner-cleans-up")
async def _():
    t = H()

    async def inner():
        try:
            await asyncio.sleep(1)
        finally:
            t("cleans up")
            await asyncio.sleep(0.1)
            t("cleaned")
    for limit in (0.1, 0):
        i = asyncio.create_task(inner())
        await spin()
        k = asyncio.create_task(asyncio.wait_for(i, limit))
        await asyncio.sleep(0.15)
        if limit == 0:
            i = asyncio.create_task(inner())
            await spin()
            k = asyncio.create_task(asyncio.wait_for(i, limit))
            await asyncio.sleep(0.05)
        k.cancel("outside")
        t(await tr(k))
        t([k.cancelled(), k.cancelling(), i.done(), i.cancelling()])
        await asyncio.sleep(0.3)
        t(i.cancelled())
    return t.l


@virtual("XWF-24-inner-raises-a-timeout-of-its-own")
async def _():
    t = H()

    async def c():
        await asyncio.sleep(0.1)
        raise TimeoutError("own")
    t(await tr(asyncio.wait_for(c(), 1)))
    t(await tr(asyncio.wait_for(asyncio.create_task(c()), 1)))
    return t.l


@virtual("XWF-25-of-shield")
async def _():
    t = H()

    async def c():
        await asyncio.sleep(0.2)
        t("inner ends")
        return "value"
    k = asyncio.create_task(c())
    t(await tr(asyncio.wait_for(asyncio.shield(k), 0.1)))
    t([k.done(), k.cancelling()])
    t(await tr(asyncio.wait_for(asyncio.shield(k), 0.2)))
    return t.l


@virtual("XWF-26-of-gather")
async def _():
    t = H()

    async def c(i):
        try:
            await asyncio.sleep(i)
            return i
        except asyncio.CancelledError:
            t(["cancelled", i])
            raise
    t(await tr(asyncio.wait_for(asyncio.gather(c(0), c(1), c(2)), 0.5)))
    t(await tr(asyncio.wait_for(asyncio.gather(c(0), c(1), c(2), return_exceptions=True), 0.5)))
    t(await tr(asyncio.wait_for(asyncio.gather(c(0), c(0)), 0.5)))
    t(count())
    return t.l


@virtual("XWF-27-in-a-cancelled-task")
async def _():
    t = H()

    async def m():
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            t(await tr(asyncio.wait_for(asyncio.sleep(0.1, "short"), 1)))
            t(await tr(asyncio.wait_for(asyncio.sleep(1), 0.1)))
            t(count())
            raise
    k = asyncio.create_task(m())
    await spin()
    k.cancel("why")
    t(await tr(k))
    t(k.cancelling())
    return t.l


@virtual("XWF-28-inner-cancelled-by-another")
async def _():
    t = H()
    inner = asyncio.create_task(asyncio.sleep(1))
    k = asyncio.create_task(asyncio.wait_for(inner, 1))
    await spin(2)
    inner.cancel("by another")
    t(await tr(k))
    t([k.cancelled(), k.cancelling(), inner.cancelling()])
    return t.l


@virtual("XWF-29-self-cancel-inside")
async def _():
    t = H()

    async def c():
        asyncio.current_task().cancel("itself")
        await asyncio.sleep(1)
    k = asyncio.create_task(asyncio.wait_for(c(), 0.1))
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XWF-30-nested")
async def _():
    t = H()

    async def c():
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            t(count())
            raise
    t(await tr(asyncio.wait_for(asyncio.wait_for(c(), 0.3), 0.1)))
    t(await tr(asyncio.wait_for(asyncio.wait_for(c(), 0.1), 0.3)))

    async def catches():
        try:
            await asyncio.wait_for(c(), 0.1)
        except TimeoutError:
            t(["caught", count()])
        await asyncio.sleep(1)
    t(await tr(asyncio.wait_for(catches(), 0.3)))
    t(count())
    return t.l
