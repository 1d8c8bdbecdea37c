# SPDX-License-Identifier: Apache-2.0
"""Blocking code in threads, two at a time; context variables go along with to_thread()."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

user = ContextVar("user", default="nobody")


def report(pages):
    time.sleep(0.01)
    return f"{pages} pages for {user.get()}"


async def handle(name, pages, two_at_a_time):
    user.set(name)
    async with two_at_a_time:
        return await asyncio.to_thread(report, pages)


async def main():
    two_at_a_time = asyncio.Semaphore(2)
    reports = await asyncio.gather(
        handle("Ada", 3, two_at_a_time),
        handle("Ben", 5, two_at_a_time),
        handle("Cleo", 8, two_at_a_time),
    )
    for text in reports:
        print(text)

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as pool:
        print(await loop.run_in_executor(pool, report, 13))


asyncio.run(main())
