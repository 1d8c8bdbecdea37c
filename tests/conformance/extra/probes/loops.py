# SPDX-License-Identifier: Apache-2.0
"""XLOOP-2x, XFUT-2x, XTASK-2x, XTASK-3x: the loop, futures and tasks."""
import asyncio
import contextvars
import gc

from probes.harness import H, VirtualLoop, aw, case, en, reports_to, spin, tr, virtual


@virtual("XLOOP-20-timers-of-the-past")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    now = loop.time()
    loop.call_soon(t, "soon 1")
    loop.call_at(now - 1, t, "past")
    loop.call_at(now - 2, t, "further past")
    loop.call_later(0, t, "zero")
    loop.call_soon(lambda: (t("soon 2"), loop.call_soon(t, "soon 3")))
    await spin(3)
    h = loop.call_later(1, t, "late")
    t([h.when() == loop.time() + 1, h.cancelled()])
    h.cancel()
    h.cancel()
    t(h.cancelled())
    return t.l


@case("XLOOP-21-stopped-and-run-again")
def _():
    t = H()
    loop = VirtualLoop()

    def again(n):
        t(n)
        if n < 3:
            loop.call_soon(again, n + 1)
            loop.stop()
            loop.stop()
    loop.call_soon(again, 0)
    for _ in range(3):
        loop.run_forever()
        t("|")
    loop.call_later(1, lambda: (t("timer"), loop.stop(), loop.call_soon(t, "next run")))
    loop.run_forever()
    t([loop.is_running(), loop.is_closed()])
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    loop.close()
    t([loop.is_running(), loop.is_closed()])
    return t.l


@case("XLOOP-22-until-complete")
def _():
    t = H()
    loop = VirtualLoop()

    async def c(x):
        await asyncio.sleep(0.1)
        if isinstance(x, Exception):
            raise x
        return x
    t(loop.run_until_complete(c("value")))
    try:
        loop.run_until_complete(c(ValueError("error")))
    except ValueError as e:
        t(en(e))
    k = loop.create_task(c("task"))
    t(loop.run_until_complete(k))
    t(loop.run_until_complete(k))
    t(k.result())
    f = loop.create_future()
    f.cancel("cancelled")
    try:
        loop.run_until_complete(f)
    except asyncio.CancelledError as e:
        t(en(e))
    f = loop.create_future()
    loop.call_later(0.1, loop.stop)
    try:
        loop.run_until_complete(f)
    except RuntimeError as e:
        t(en(e))
    f.set_result("later")
    t(loop.run_until_complete(f))
    loop.close()
    return t.l


@case("XLOOP-23-exit-out-of-a-task-and-go-on")
def _():
    t = H()
    loop = VirtualLoop()

    async def exits():
        await asyncio.sleep(0)
        raise SystemExit(7)

    async def other():
        for i in range(4):
            t(["other", i])
            await asyncio.sleep(0)
    o = loop.create_task(other())
    k = loop.create_task(exits())
    try:
        loop.run_until_complete(o)
    except SystemExit as e:
        t(["out", e.code])
    t([k.done(), k.cancelled(), type(k.exception()).__name__])
    loop.run_until_complete(o)
    loop.close()
    return t.l


@case("XLOOP-24-interrupts-from-timers-and-done-callbacks")
def _():
    t = H()
    loop = VirtualLoop()

    def interrupt(*_):
        raise KeyboardInterrupt("now")
    loop.call_later(0.1, interrupt)
    loop.call_later(0.1 + 1e-10, t, "timer after")
    f = loop.create_future()
    try:
        loop.run_until_complete(f)
    except KeyboardInterrupt as e:
        t(en(e))
    f.add_done_callback(interrupt)
    f.add_done_callback(lambda _: t("callback after"))
    f.set_result(1)
    try:
        loop.run_until_complete(f)
    except KeyboardInterrupt as e:
        t(en(e))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    return t.l


@virtual("XLOOP-25-keys-of-contexts")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda l, c: t([sorted(c), en(c["exception"])]))

    def bad(*_):
        raise ValueError("bad")
    loop.call_soon(bad)
    loop.call_later(0, bad)
    f = loop.create_future()
    f.add_done_callback(bad)
    f.set_result(1)
    loop.call_soon_threadsafe(bad)
    await spin(3)
    loop.call_exception_handler({"message": "mine", "exception": ValueError("given")})
    loop.set_exception_handler(None)
    t(loop.get_exception_handler() is None)
    return t.l


@virtual("XLOOP-26-handles-in-their-own-call")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    h = {}

    def itself():
        h[0].cancel()
        t(["itself", h[0].cancelled()])
    h[0] = loop.call_soon(itself)
    h[1] = loop.call_soon(t, "done")
    await spin()
    t([h[0].cancelled(), h[1].cancelled()])
    h[1].cancel()
    t(h[1].cancelled())
    return t.l


@case("XLOOP-27-closed")
def _():
    t = H()
    loop = VirtualLoop()
    f = loop.create_future()
    f.add_done_callback(lambda _: t("never"))
    loop.close()

    def attempt(function, *a):
        try:
            function(*a)
            t("fine")
        except Exception as e:
            t(en(e))
    attempt(loop.call_soon, print)
    attempt(loop.call_later, 1, print)
    attempt(loop.call_at, 1, print)
    attempt(loop.call_soon_threadsafe, print)
    attempt(loop.run_until_complete, f)
    attempt(loop.run_forever)
    attempt(loop.run_in_executor, None, print)
    attempt(loop.stop)
    t([f.done(), loop.is_closed()])
    return t.l


@virtual("XFUT-20-removing-callbacks")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()

    def a(_):
        t("a")

    def b(_):
        t("b")
    t(f.remove_done_callback(a))
    f.add_done_callback(a)
    f.add_done_callback(b)
    f.add_done_callback(a)
    t(f.remove_done_callback(a))
    f.add_done_callback(a)
    f.set_result(1)
    t(f.remove_done_callback(a))
    f.add_done_callback(b)
    await spin()
    return t.l


@virtual("XFUT-21-misuse-of-states")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    def attempt(function, *a):
        try:
            t("ok", function(*a))
        except BaseException as e:
            t("raise", type(e).__name__)
    f = loop.create_future()
    attempt(f.result)
    attempt(f.exception)
    f.cancel("why")
    attempt(f.set_result, 1)
    attempt(f.set_exception, ValueError())
    attempt(f.result)
    attempt(f.exception)
    attempt(f.cancel)
    g = loop.create_future()
    g.set_exception(ValueError("g"))
    attempt(g.set_result, 1)
    attempt(g.result)
    t(en(g.exception()))
    attempt(g.cancel)
    h = loop.create_future()
    attempt(h.set_exception, None)
    t(h.done())

    async def c():
        await asyncio.sleep(0)
        return "value"
    k = asyncio.create_task(c())
    attempt(k.set_result, 1)
    attempt(k.set_exception, ValueError())
    attempt(k.result)
    attempt(k.exception)
    t(await k)
    attempt(k.set_result, 1)
    t(k.get_loop() is loop)
    return t.l


@virtual("XFUT-22-cancelled-by-one-of-its-callbacks")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()
    g = asyncio.get_running_loop().create_future()
    f.add_done_callback(lambda _: t(["a", f.cancel(), g.cancel("by a")]))
    f.add_done_callback(lambda _: t(["b", g.cancelled(), g.done()]))
    g.add_done_callback(lambda x: t(["g", x.cancelled()]))
    f.set_result(1)
    t([g.done()])
    await spin(3)
    return t.l


@virtual("XFUT-23-one-waiter-of-three-is-cancelled")
async def _():
    t = H()
    f = asyncio.get_running_loop().create_future()

    async def w(i):
        try:
            t(["value", i, await f])
        except asyncio.CancelledError as e:
            t([i, en(e), asyncio.current_task().cancelling()])
            if i == 2:
                return "kept alive"
            raise
    k = [asyncio.create_task(w(i)) for i in range(3)]
    await spin()
    k[1].cancel()
    for x in k:
        t(await tr(x))
    return t.l


@virtual("XFUT-24-error-seen-through-one-of-two-handles")
async def _():
    t = H()
    reports_to(t)
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    f.set_exception(ValueError("f"))
    t(await tr(f))
    t(await tr(f))
    g = loop.create_future()
    g.set_exception(ValueError("g"))
    g.cancel()
    h = loop.create_future()
    h.set_exception(ValueError("h"))
    h.add_done_callback(lambda x: t("callback"))
    await spin()
    del f, g, h
    gc.collect()
    return t.l


@virtual("XTASK-20-all-tasks-at-odd-times")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    me = asyncio.current_task()
    me.set_name("main")

    def names():
        return sorted(x.get_name() for x in asyncio.all_tasks())

    async def c():
        t(["inside", names()])
        await asyncio.sleep(0)
        t(["resumed", names()])
    k = asyncio.create_task(c(), name="k")
    t(["made", names()])
    k.add_done_callback(lambda _: t(["callback", names(), asyncio.current_task()]))
    x = asyncio.create_task(c(), name="x")
    x.cancel()
    t(["cancelled", names()])
    await spin()
    t(["once", names()])
    await k
    e = asyncio.Task(c(), loop=loop, eager_start=True, name="eager")
    t(["eager", names(), e.done()])
    await e
    t(["end", names()])
    return t.l


@virtual("XTASK-21-eager-and-done-at-once")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    me = asyncio.current_task()

    async def c():
        t([len(asyncio.all_tasks()), asyncio.current_task() is me, asyncio.current_task().get_name()])
        return "value"
    loop.call_soon(t, "tick")
    k = asyncio.Task(c(), loop=loop, eager_start=True, name="eager")
    k.add_done_callback(lambda _: t("callback"))
    t([k.done(), k.result(), k.cancel(), k.get_name()])
    t(await k)
    await spin()
    return t.l


@virtual("XTASK-22-eager-that-cancels-itself-by-error")
async def _():
    t = H()
    loop = asyncio.get_running_loop()

    async def c():
        raise asyncio.CancelledError("by hand")
    k = asyncio.Task(c(), loop=loop, eager_start=True)
    t([k.done(), k.cancelled(), k.cancelling()])
    t(await tr(k))
    return t.l


@virtual("XTASK-23-eager-tasks-that-wake-each-other")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    f = loop.create_future()

    async def waits(i):
        t(["waits", i])
        t([i, await f])

    async def sets():
        t("sets")
        f.set_result("value")
        await asyncio.sleep(0)
        t("set")
    k = [asyncio.Task(waits(i), loop=loop, eager_start=True) for i in range(2)]
    k.append(asyncio.Task(sets(), loop=loop, eager_start=True))
    k.append(asyncio.Task(waits(2), loop=loop, eager_start=True))
    t([x.done() for x in k])
    for x in k:
        await x
    return t.l


@virtual("XTASK-24-names")
async def _():
    t = H()

    async def c():
        t(asyncio.current_task().get_name())
    k = asyncio.create_task(c(), name="given")
    t(k.get_name())
    k.set_name("renamed")
    await k
    k.set_name("after its end")
    t(k.get_name())
    async with asyncio.TaskGroup() as g:
        x = g.create_task(c(), name="in a group")
    t(x.get_name())
    a = asyncio.create_task(c())
    b = asyncio.create_task(c())
    t(int(b.get_name()[5:]) - int(a.get_name()[5:]))
    a.cancel()
    b.cancel()
    return t.l


@virtual("XTASK-25-made-in-callbacks")
async def _():
    t = H()
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    k = []

    async def c(name):
        t([name, len(k)])
        await asyncio.sleep(0)
        t([name, "resumed"])
    f.add_done_callback(lambda _: k.append(asyncio.create_task(c("of done"))))
    loop.call_soon(lambda: k.append(asyncio.create_task(c("of soon"))))
    loop.call_later(0, lambda: k.append(asyncio.create_task(c("of later"))))
    f.set_result(1)
    await spin(5)
    t([x.done() for x in k])
    return t.l


@virtual("XTASK-26-error-that-is-never-asked-for")
async def _():
    t = H()
    reports_to(t)

    async def bad(name):
        raise ValueError(name)
    k = asyncio.create_task(bad("dropped at once"))
    del k
    await spin(2)
    gc.collect()
    t("|")
    k = asyncio.create_task(bad("cancelled in vain"))
    await spin(2)
    t(k.cancel())
    del k
    gc.collect()
    t("|")
    k = asyncio.create_task(bad("asked"))
    await asyncio.wait([k])
    t(k.exception() is not None)
    del k
    gc.collect()
    t("|")
    k = asyncio.create_task(bad("waited for only"))
    await asyncio.wait([k])
    del k
    gc.collect()
    return t.l


@virtual("XTASK-27-awaited-in-several-ways-at-once")
async def _():
    t = H()

    async def c():
        await asyncio.sleep(0.1)
        return "value"
    k = asyncio.create_task(c())

    async def log(name, a):
        t(name, await tr(a))
    await asyncio.gather(log("plain", k), log("shield", asyncio.shield(k)),
                         log("timeout", asyncio.wait_for(asyncio.shield(k), 0.05)),
                         log("gather", asyncio.gather(k, k)))
    t(k.result())
    return t.l


@virtual("XCTX-20-through-combinators")
async def _():
    t = H()
    v = contextvars.ContextVar("v", default=0)
    v.set(1)

    async def c(x):
        t(v.get())
        v.set(x)
        await asyncio.sleep(0)
        t(v.get())
    await asyncio.gather(c(10), c(20))
    t(["gather", v.get()])
    await asyncio.wait_for(c(30), 1)
    t(["wait_for", v.get()])
    async with asyncio.timeout(1):
        await c(40)
    t(["timeout", v.get()])
    await asyncio.shield(c(50))
    t(["shield", v.get()])
    async with asyncio.TaskGroup() as g:
        g.create_task(c(60))
        v.set(70)
    t(["group", v.get()])
    return t.l


@virtual("XCTX-21-of-callbacks-made-in-tasks")
async def _():
    t = H()
    v = contextvars.ContextVar("v", default=0)
    loop = asyncio.get_running_loop()
    f = loop.create_future()

    async def c(x):
        v.set(x)
        f.add_done_callback(lambda _: t(["done", v.get()]))
        loop.call_soon(lambda: t(["soon", v.get()]))
        v.set(x + 1)
        loop.call_later(0, lambda: (t(["later", v.get()]), v.set(99)))
        loop.call_later(0, lambda: t(["again", v.get()]))
    await c(10)
    await asyncio.create_task(c(20))
    f.set_result(1)
    await spin(3)
    t(v.get())
    return t.l


@virtual("XCTX-22-context-of-a-task")
async def _():
    t = H()
    v = contextvars.ContextVar("v", default=0)
    v.set(1)

    async def c():
        v.set(2)
        await asyncio.sleep(0)
        v.set(3)
    k = asyncio.create_task(c())
    t(k.get_context()[v])
    await spin()
    t([k.get_context()[v], v.get()])
    await k
    t([k.get_context()[v], v.get()])
    ctx = contextvars.copy_context()
    a = asyncio.create_task(c(), context=ctx)
    b = asyncio.create_task(aw(a), context=ctx)
    await b
    t([ctx[v], v.get()])
    return t.l
