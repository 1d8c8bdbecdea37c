# SPDX-License-Identifier: Apache-2.0
"""A timeout that is moved while there is progress."""

import asyncio


async def download(pauses, limit):
    loop = asyncio.get_running_loop()
    for pause in pauses:
        await asyncio.sleep(pause)
        print("a piece came")
        limit.reschedule(loop.time() + 0.1)


async def main():
    limit = asyncio.timeout(0.1)
    try:
        pauses = [0.06, 0.06, 0.06, 10]
        async with limit:
            await download(pauses, limit)
    except TimeoutError:
        print("no piece for a while, expired" if limit.expired() else "?")

    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.01)
    except TimeoutError:
        print("one await alone: wait_for()")


asyncio.run(main())
