# SPDX-License-Identifier: Apache-2.0
"""What the probes share: how a case is registered, recorded and run."""
import asyncio

CASES = {}


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time jumps to the next timer: a trace does not depend on the machine's load."""
    def __init__(self):
        super().__init__()
        self._now = 0.0
        self._clock_resolution = 1e-9
        self._poll = self._selector.select
        self._selector.select = self._wait

    def _wait(self, timeout):
        if timeout is None:
            return self._poll(timeout)
        events = self._poll(0)
        if not events:
            self._now += max(timeout, 0)
        return events

    def time(self):
        return self._now


def case(id, debug=False, loop=None):
    """Registers a probe. A coroutine function runs in a loop made by `loop`; a function makes its own."""
    def register(function):
        CASES[id] = (function, debug, loop)
        return function
    return register


def virtual(id, debug=False):
    """A case in virtual time."""
    return case(id, debug, VirtualLoop)


class H:
    """The recorder: t(x) appends x, t(x, y) appends [x, y]."""
    def __init__(self):
        self.l = []

    def __call__(self, *a):
        self.l.append(a[0] if len(a) == 1 else list(a))


async def spin(n=1):
    for _ in range(n):
        await asyncio.sleep(0)


def en(e):
    if isinstance(e, BaseExceptionGroup):
        return {type(e).__name__: [en(x) for x in e.exceptions]}
    return type(e).__name__ + (":" + str(e)[:90] if str(e) else "")


async def tr(aw):
    try:
        return ["ok", await aw]
    except BaseException as e:
        return ["raise", en(e)]


async def aw(x):
    return await x


def reports_to(t):
    """Records what the loop's exception handler is told."""
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, c: t(["report", c["message"][:22], en(c["exception"])]))


def run(id):
    function, debug, loop = CASES[id]
    if asyncio.iscoroutinefunction(function):
        with asyncio.Runner(debug=debug, loop_factory=loop) as runner:
            return runner.run(asyncio.wait_for(function(), 5))
    return function()
