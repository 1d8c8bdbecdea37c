# SPDX-License-Identifier: Apache-2.0
"""Cleanup that waits: `finally` and `__aexit__` of a task that is cancelled."""

import asyncio


class Connection:
    async def __aenter__(self):
        print("connect")
        await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, kind, error, traceback):
        print("disconnect after", kind.__name__ if kind else "success")
        await asyncio.sleep(0.01)


async def transfer():
    async with Connection():
        print("begin")
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0.01)
            print("roll back")


async def main():
    task = asyncio.create_task(transfer())
    await asyncio.sleep(0.05)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("the transfer was cancelled")


asyncio.run(main())
