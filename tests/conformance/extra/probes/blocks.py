# SPDX-License-Identifier: Apache-2.0
"""XEXS-, XEG-, XAGEN-2x: exit stacks, exception groups, asynchronous generators."""
import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from probes.harness import H, en, spin, tr, virtual


class Resource:
    def __init__(self, t, name, swallows=False, enter=None, exit=None):
        self.t, self.name, self.swallows, self.enter, self.exit = t, name, swallows, enter, exit

    async def __aenter__(self):
        await asyncio.sleep(0)
        if self.enter:
            raise self.enter
        self.t("enter", self.name)
        return self.name

    async def __aexit__(self, et, e, tb):
        self.t("exit", self.name, en(e) if e else None)
        await asyncio.sleep(0)
        if self.exit:
            raise self.exit
        return self.swallows


async def log(t, *a):
    await asyncio.sleep(0)
    t(*a)


@virtual("XEXS-01-order")
async def _():
    t = H()
    async with AsyncExitStack() as s:
        t(await s.enter_async_context(Resource(t, "a")))
        s.callback(t, "callback")
        s.push_async_callback(log, t, "async callback")

        async def exit(et, e, tb):
            t("pushed", en(e) if e else None)
        s.push_async_exit(exit)
        await s.enter_async_context(Resource(t, "b"))
        t("body")
    return t.l


@virtual("XEXS-02-error-swallowed-in-the-middle")
async def _():
    t = H()
    async with AsyncExitStack() as s:
        await s.enter_async_context(Resource(t, "a"))
        await s.enter_async_context(Resource(t, "b", swallows=True))
        await s.enter_async_context(Resource(t, "c"))
        raise ValueError("body")
    t("after")
    return t.l


@virtual("XEXS-03-error-replaced")
async def _():
    t = H()

    async def m():
        async with AsyncExitStack() as s:
            await s.enter_async_context(Resource(t, "a"))
            await s.enter_async_context(Resource(t, "b", exit=RuntimeError("of b")))
            await s.enter_async_context(Resource(t, "c", exit=LookupError("of c")))
            raise ValueError("body")
    t(await tr(m()))
    return t.l


@virtual("XEXS-04-enter-fails-half-way")
async def _():
    t = H()

    async def m():
        async with AsyncExitStack() as s:
            await s.enter_async_context(Resource(t, "a"))
            await s.enter_async_context(Resource(t, "b", enter=ValueError("enter b")))
            t("not reached")
    t(await tr(m()))
    return t.l


@virtual("XEXS-05-pop-all")
async def _():
    t = H()
    async with AsyncExitStack() as s:
        await s.enter_async_context(Resource(t, "a"))
        kept = s.pop_all()
        await s.enter_async_context(Resource(t, "b"))
    t("left")
    await kept.aclose()
    await kept.aclose()
    t("closed")
    return t.l


@virtual("XEXS-06-cancelled-in-the-body-and-in-a-cleanup")
async def _():
    t = H()

    async def m():
        async with AsyncExitStack() as s:
            s.callback(t, "last")
            await s.enter_async_context(Resource(t, "a"))
            s.push_async_callback(asyncio.sleep, 1)
            await s.enter_async_context(Resource(t, "b"))
            await asyncio.sleep(1)
    k = asyncio.create_task(m())
    await spin(4)
    k.cancel("body")
    await spin(4)
    k.cancel("cleanup")
    t(await tr(k))
    t([k.cancelled(), k.cancelling()])
    return t.l


@virtual("XEXS-07-callbacks-that-fail")
async def _():
    t = H()

    def bad(text):
        raise ValueError(text)

    async def exit(et, e, tb):
        t("exit", en(e) if e else None)
        return True
    async with AsyncExitStack() as s:
        s.push_async_exit(exit)
        s.callback(bad, "one")
        s.callback(t, "between")
        s.callback(bad, "two")
    t("after")
    return t.l


@virtual("XEXS-08-pushed-by-a-cleanup")
async def _():
    t = H()
    async with AsyncExitStack() as s:
        s.callback(t, "first")

        def more():
            t("more")
            s.callback(t, "late")
        s.callback(more)
    return t.l


@virtual("XEG-01-split-and-subgroup")
async def _():
    t = H()
    g = ExceptionGroup("outer", [ValueError("1"), ExceptionGroup("inner", [TypeError("2"), ValueError("3")]),
                                 ExceptionGroup("types", [TypeError("4")]), RuntimeError("5")])
    for kind in (ValueError, TypeError, (ValueError, TypeError), LookupError, ExceptionGroup):
        a, b = g.split(kind)
        t([en(a) if a else None, en(b) if b else None])
    s = g.subgroup(lambda e: isinstance(e, (ValueError, TypeError)) and int(str(e)) > 1)
    t([en(s), s.message, s.exceptions[0].message])
    t([str(g), g.message, len(g.exceptions)])
    t(str(g.subgroup(TypeError)))
    d = g.derive([ValueError("new")])
    t([d.message, en(d)])
    return t.l


@virtual("XEG-02-except-star")
async def _():
    t = H()

    def run(excs, on_value=None, on_type=None):
        try:
            try:
                raise ExceptionGroup("g", excs)
            except* ValueError as e:
                t("value", en(e))
                if on_value:
                    raise on_value
            except* TypeError as e:
                t("type", en(e))
                if on_type:
                    raise on_type
            t("after")
        except BaseException as e:
            t(["out", en(e), e.message if isinstance(e, ExceptionGroup) else None])
    run([ValueError("1"), TypeError("2")])
    run([ValueError("1"), LookupError("2")])
    run([LookupError("1")])
    run([ValueError("1"), TypeError("2")], on_value=RuntimeError("new"))
    run([ValueError("1"), TypeError("2")], on_value=RuntimeError("new"), on_type=LookupError("too"))
    run([ValueError("1"), LookupError("2")], on_value=RuntimeError("new"))
    return t.l


@virtual("XEG-03-except-star-raises-again")
async def _():
    t = H()

    def inner():
        return ExceptionGroup("inner", [ValueError("2"), LookupError("3")])
    try:
        try:
            raise ExceptionGroup("g", [ValueError("1"), inner(), TypeError("4")])
        except* ValueError as e:
            t(en(e))
            raise
        except* TypeError as e:
            t(en(e))
    except ExceptionGroup as e:
        t([en(e), e.message])
    try:
        try:
            raise ExceptionGroup("g", [ValueError("1"), inner(), TypeError("4")])
        except* ValueError as e:
            raise
        except* TypeError as e:
            raise RuntimeError("new")
    except ExceptionGroup as e:
        t([en(e), e.message])
    return t.l


@virtual("XEG-04-except-star-of-one-error")
async def _():
    t = H()
    try:
        raise ValueError("naked")
    except* ValueError as e:
        t([en(e), e.message])
    try:
        try:
            raise ValueError("naked")
        except* TypeError:
            t("not reached")
    except BaseException as e:
        t(en(e))
    return t.l


@virtual("XAGEN-20-cleanup-cancelled-while-it-closes")
async def _():
    t = H()

    async def g():
        try:
            yield 1
        finally:
            t("cleans up")
            await asyncio.sleep(1)
            t("not reached")
    x = g()
    await x.__anext__()
    k = asyncio.create_task(tr(x.aclose()))
    await spin()
    k.cancel("while it closes")
    t(await tr(k))
    t(await tr(x.__anext__()))
    t(await tr(x.aclose()))
    return t.l


@virtual("XAGEN-21-two-that-close")
async def _():
    t = H()

    async def g():
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            t("cleaned")
    x = g()
    await x.__anext__()
    a = asyncio.create_task(tr(x.aclose()))
    b = asyncio.create_task(tr(x.aclose()))
    t([(await a)[0], (await b)])
    t(await tr(x.aclose()))
    return t.l


@virtual("XAGEN-22-errors-of-body-and-cleanup")
async def _():
    t = H()

    async def g():
        try:
            yield 1
            yield 2
        finally:
            raise LookupError("cleanup")

    async def m():
        async with aclosing(g()) as x:
            async for i in x:
                t(i)
                raise ValueError("body")
    t(await tr(m()))
    return t.l


@virtual("XAGEN-23-two-consumers-in-turn")
async def _():
    t = H()

    async def g():
        for i in range(4):
            await asyncio.sleep(0)
            yield i
    x = g()

    async def c(name):
        for _ in range(2):
            t(name, await x.__anext__())
    a = asyncio.create_task(c("a"))
    await a
    b = asyncio.create_task(c("b"))
    await b
    t(await tr(x.__anext__()))
    return t.l


@virtual("XAGEN-24-one-inside-another")
async def _():
    t = H()

    async def inner():
        try:
            for i in range(3):
                await asyncio.sleep(0)
                yield i
        finally:
            await asyncio.sleep(0)
            t("inner closed")

    async def outer():
        async with aclosing(inner()) as x:
            async for i in x:
                yield i * 10
        t("outer ends")
    async with aclosing(outer()) as x:
        async for i in x:
            t(i)
            if i == 10:
                break
    t("left")
    return t.l


@virtual("XAGEN-25-returns-in-the-middle")
async def _():
    t = H()

    async def g():
        yield 1
        if t.l:
            return
        yield 2
    x = g()
    t(await x.__anext__())
    t(await tr(x.__anext__()))
    t(await tr(x.__anext__()))
    t(await tr(x.aclose()))
    return t.l


@virtual("XAGEN-26-swallows-the-exit")
async def _():
    t = H()

    async def g():
        try:
            yield 1
        except GeneratorExit:
            t("swallowed")
        await asyncio.sleep(0)
        t("goes on")
    x = g()
    await x.__anext__()
    t(await tr(x.aclose()))
    t(await tr(x.__anext__()))
    return t.l


@virtual("XAGEN-27-timeout-between-values")
async def _():
    t = H()

    async def g():
        try:
            for i in range(3):
                yield i
                await asyncio.sleep(0.1 * i)
        finally:
            t("closed")
    x = g()
    try:
        async with asyncio.timeout(0.15):
            async for i in x:
                t(i)
                await asyncio.sleep(0.02)
    except TimeoutError:
        t("timeout")
    t(await tr(x.__anext__()))
    return t.l


@virtual("XAGEN-28-aclose-of-an-awaited-one-from-a-callback-task")
async def _():
    t = H()

    async def g():
        await asyncio.sleep(0.1)
        yield 1
    x = g()
    k = asyncio.create_task(tr(x.__anext__()))
    await spin()
    t(await tr(x.__anext__()))
    t((await tr(x.aclose())))
    t(await k)
    t(await tr(x.aclose()))
    return t.l


@virtual("XAGEN-29-not-started-is-not-shut-down")
async def _():
    t = H()

    async def g(name):
        try:
            yield name
        finally:
            t("closed", name)
    a, b = g("a"), g("b")
    await a.__anext__()
    await asyncio.get_running_loop().shutdown_asyncgens()
    t(await tr(a.__anext__()))
    return t.l
