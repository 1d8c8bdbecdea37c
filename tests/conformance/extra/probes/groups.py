# SPDX-License-Identifier: Apache-2.0
"""XTG-2x, XTG-3x: task groups under cancellations and errors that meet."""
import asyncio

from probes.harness import H, en, spin, tr, virtual


async def slow(t, name, cleanup=0.01):
    try:
        await asyncio.sleep(9)
    finally:
        await asyncio.sleep(cleanup)
        t("cleaned", name)


async def bad(text, delay=0):
    await asyncio.sleep(delay)
    raise ValueError(text)


def count():
    return asyncio.current_task().cancelling()


@virtual("XTG-20-body-fails-then-a-cancel-from-outside")
async def _():
    t = H()

    async def main():
        try:
            async with asyncio.TaskGroup() as g:
                g.create_task(slow(t, "child"))
                await asyncio.sleep(0)
                raise ValueError("body")
        except BaseException as e:
            t([en(e), count()])
        try:
            await asyncio.sleep(0.05)
            t("slept")
        except asyncio.CancelledError as e:
            t(["next await", en(e)])
            raise
    k = asyncio.create_task(main())
    await asyncio.sleep(0.004)
    k.cancel("outside")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-21-two-cancels-and-a-child-error-in-one-turn")
async def _():
    t = H()

    async def main():
        try:
            async with asyncio.TaskGroup() as g:
                g.create_task(bad("child", 0.004))
                g.create_task(slow(t, "slow"))
                await asyncio.sleep(9)
        except BaseException as e:
            t([en(e), count()])
            raise
    k = asyncio.create_task(main())
    await spin(2)
    k.cancel("one")
    k.cancel("two")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-22-inner-group-fails-then-cancel-and-uncancel")
async def _():
    t = H()

    async def main():
        try:
            async with asyncio.TaskGroup() as outer:
                outer.create_task(slow(t, "outer", 0.02))
                try:
                    async with asyncio.TaskGroup() as inner:
                        inner.create_task(bad("inner", 0.002))
                        inner.create_task(slow(t, "inner", 0.01))
                        await asyncio.sleep(9)
                except ExceptionGroup as e:
                    t(["inner", en(e), count()])
                await asyncio.sleep(0.01)
                t("body ends")
                raise RuntimeError("body")
        except BaseException as e:
            t([en(e), count()])
            raise
    k = asyncio.create_task(main())
    await asyncio.sleep(0.006)
    k.cancel("outside")
    k.uncancel()
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-23-inner-group-fails-and-cancel-from-outside")
async def _():
    t = H()

    async def main():
        try:
            async with asyncio.TaskGroup() as outer:
                outer.create_task(slow(t, "outer", 0.02))
                try:
                    async with asyncio.TaskGroup() as inner:
                        inner.create_task(bad("inner", 0.002))
                        inner.create_task(slow(t, "inner", 0.01))
                        await asyncio.sleep(9)
                except ExceptionGroup as e:
                    t(["inner", en(e), count()])
                await asyncio.sleep(0.01)
                t("body ends")
        except BaseException as e:
            t([en(e), count()])
            raise
    k = asyncio.create_task(main())
    await asyncio.sleep(0.006)
    k.cancel("outside")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-24-tasks-from-done-callbacks")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda l, c: t("report", type(c["exception"]).__name__))

    async def quick(name):
        t("ran", name)

    async with asyncio.TaskGroup() as g:
        def more(_):
            g.create_task(quick("late")).add_done_callback(lambda _: t("late is done"))
        a = g.create_task(quick("first"))
        a.add_done_callback(more)
        b = g.create_task(asyncio.sleep(0.003))
        b.add_done_callback(more)
        t("body ends")
    t("left")
    try:
        g.create_task(quick("too late"))
    except RuntimeError as e:
        t(en(e)[-11:])
    await spin(2)
    return t.l


@virtual("XTG-25-last-task-starts-another-in-its-callback")
async def _():
    # the group's own callback comes first: the group is finished
    t = H()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda l, c: t("report", type(c["exception"]).__name__))

    async def quick(name):
        t("ran", name)
    async with asyncio.TaskGroup() as g:
        k = g.create_task(asyncio.sleep(0.003))
        k.add_done_callback(lambda _: g.create_task(quick("late")))
    t("left")
    await spin(2)
    return t.l


@virtual("XTG-26-a-child-cancels-the-parent")
async def _():
    t = H()

    async def main():
        me = asyncio.current_task()

        async def child():
            t(me.cancel("by the child"))
            await asyncio.sleep(0)
            t("child goes on")
        try:
            async with asyncio.TaskGroup() as g:
                g.create_task(child())
                g.create_task(slow(t, "other"))
                await asyncio.sleep(9)
        except BaseException as e:
            t([en(e), count()])
            raise
    k = asyncio.create_task(main())
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-27-a-child-ends-with-a-cancelled-error-of-its-own")
async def _():
    t = H()

    async def child():
        raise asyncio.CancelledError("by hand")
    async with asyncio.TaskGroup() as g:
        a = g.create_task(child())
        b = g.create_task(asyncio.sleep(0.002, "b"))
        await asyncio.sleep(0)
        t(count())
    t([a.cancelled(), a.cancelling(), b.result(), count()])
    return t.l


@virtual("XTG-28-create-task-while-it-aborts")
async def _():
    t = H()

    async def late(g):
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            c = asyncio.sleep(0)
            try:
                g.create_task(c)
            except RuntimeError as e:
                t(en(e)[-16:])
            raise

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(late(g))
            g.create_task(bad("x"))
    t(await tr(main()))
    return t.l


@virtual("XTG-29-cancelled-child-of-an-aborting-group")
async def _():
    t = H()

    async def main():
        async with asyncio.TaskGroup() as g:
            main.a = g.create_task(slow(t, "a"))
            g.create_task(bad("x", 0.002))
    k = asyncio.create_task(main())
    await asyncio.sleep(0.006)
    t([main.a.cancelling(), main.a.cancel("again")])
    t(await tr(k))
    t([main.a.cancelled(), main.a.cancelling()])
    return t.l


@virtual("XTG-30-inner-cleanup-fails-while-outer-is-cancelled")
async def _():
    t = H()

    async def failing():
        try:
            await asyncio.sleep(9)
        finally:
            await asyncio.sleep(0.005)
            raise ValueError("cleanup")

    async def nested():
        async with asyncio.TaskGroup() as g:
            g.create_task(failing())
            g.create_task(slow(t, "sibling", 0.002))

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(nested())
            g.create_task(slow(t, "outer"))
            await asyncio.sleep(9)
    k = asyncio.create_task(main())
    await spin(4)
    k.cancel("outside")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-31-body-swallows-a-cancel-from-outside")
async def _():
    t = H()

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(asyncio.sleep(0.004))
            try:
                await asyncio.sleep(9)
            except asyncio.CancelledError as e:
                t([en(e), count()])
        t(["left", count()])
        await asyncio.sleep(0.002)
        return "went on"
    k = asyncio.create_task(main())
    await spin(2)
    k.cancel("outside")
    t(await tr(k))
    return t.l


@virtual("XTG-32-body-swallows-the-groups-own-cancel")
async def _():
    t = H()

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(bad("child"))
            try:
                await asyncio.sleep(9)
            except asyncio.CancelledError as e:
                t([en(e), count()])
            await asyncio.sleep(0.002)
            t("body ends")
    try:
        await main()
    except BaseException as e:
        t([en(e), count()])
    return t.l


@virtual("XTG-33-body-replaces-the-groups-own-cancel")
async def _():
    t = H()

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(bad("child"))
            try:
                await asyncio.sleep(9)
            finally:
                raise RuntimeError("body")
    k = asyncio.create_task(main())
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-34-cancel-and-uncancel-while-it-waits")
async def _():
    t = H()

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(slow(t, "child", 0.002))
        t("not reached")
    k = asyncio.create_task(main())
    await spin(3)
    k.cancel("outside")
    k.uncancel()
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-35-child-refuses-to-end")
async def _():
    t = H()

    async def child():
        for i in range(2):
            try:
                await asyncio.sleep(0.004)
                t(["child", i])
            except asyncio.CancelledError:
                t("refuses")
        return "value"

    async def main():
        async with asyncio.TaskGroup() as g:
            main.c = g.create_task(child())
        t("not reached")
    k = asyncio.create_task(main())
    await spin(3)
    k.cancel("first")
    await spin()
    k.cancel("second")
    t(await tr(k))
    t([main.c.result(), main.c.cancelling(), k.cancelling()])
    return t.l


@virtual("XTG-36-entered-twice")
async def _():
    t = H()
    g = asyncio.TaskGroup()
    c = asyncio.sleep(0)
    try:
        g.create_task(c)
    except RuntimeError as e:
        t(en(e)[-20:])
    async with g:
        pass

    async def again():
        async with g:
            t("inside")
    r = await tr(again())
    t([r[0], r[1][-24:]])
    return t.l


@virtual("XTG-37-eager-child-fails")
async def _():
    t = H()
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)

    async def fails():
        raise ValueError("at once")

    async def main():
        async with asyncio.TaskGroup() as g:
            k = g.create_task(fails())
            t(["created", k.done(), count()])
            try:
                g.create_task(asyncio.sleep(0))
            except RuntimeError as e:
                t(en(e)[-16:])
            await asyncio.sleep(0)
            t("not reached")
    try:
        await main()
    except BaseException as e:
        t([en(e), count()])
    return t.l


@virtual("XTG-38-eager-child-is-done-at-once")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)

    async def quick(i):
        return i
    loop.call_soon(t, "tick")
    async with asyncio.TaskGroup() as g:
        k = [g.create_task(quick(i)) for i in range(3)]
    t([x.result() for x in k])
    return t.l


@virtual("XTG-39-interrupt-in-the-body")
async def _():
    t = H()

    async def main():
        try:
            async with asyncio.TaskGroup() as g:
                g.create_task(slow(t, "child", 0.002))
                g.create_task(bad("child"))
                await asyncio.sleep(0)
                raise KeyboardInterrupt("body")
        except KeyboardInterrupt as e:
            t([en(e), count()])
    await asyncio.create_task(main())
    return t.l


@virtual("XTG-40-timeout-while-the-group-waits")
async def _():
    t = H()

    async def main():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(asyncio.sleep(0.001))
            try:
                async with asyncio.timeout(0.004):
                    async with asyncio.TaskGroup() as g:
                        g.create_task(slow(t, "child", 0.002))
                t("not reached")
            except TimeoutError as e:
                t([en(e), count()])
            await asyncio.sleep(0.001)
            t("body ends")
        t(["left", count()])
    await main()
    return t.l


@virtual("XTG-41-child-of-two-errors-and-the-bodys")
async def _():
    async def fails(i):
        try:
            await asyncio.sleep(9)
        finally:
            await asyncio.sleep(0.002 * i)
            raise ValueError(f"child {i}")

    async def main():
        async with asyncio.TaskGroup() as g:
            for i in (3, 1, 2):
                g.create_task(fails(i))
            await asyncio.sleep(0)
            raise RuntimeError("body")
    return await tr(main())


@virtual("XTG-42-cancelled-before-it-has-started-anything")
async def _():
    t = H()

    async def child():
        t("child ran")

    async def main():
        asyncio.current_task().cancel("early")
        async with asyncio.TaskGroup() as g:
            g.create_task(child())
            t("body ends")
        t("not reached")
    k = asyncio.create_task(main())
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XTG-43-gather-inside-a-group-that-fails")
async def _():
    t = H()

    async def main():
        async with asyncio.TaskGroup() as g:
            g.create_task(bad("child", 0.002))
            await asyncio.gather(slow(t, 1, 0.001), slow(t, 2, 0.003), return_exceptions=True)
            t("not reached")
    try:
        await main()
    except BaseException as e:
        t([en(e), count()])
    return t.l
