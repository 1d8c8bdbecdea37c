# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C cancels main(), which cleans up; the exit code is 130. The program presses it itself."""

import asyncio
import signal
import sys


async def worker(name):
    try:
        await asyncio.sleep(10)
    finally:
        print(name, "stops")


async def main():
    loop = asyncio.get_running_loop()
    loop.call_later(0.05, signal.raise_signal, signal.SIGINT)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(worker("worker 1"))
            group.create_task(worker("worker 2"))
            print("serving")
    finally:
        await asyncio.sleep(0.01)
        print("goodbye")


try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(128 + signal.SIGINT)
