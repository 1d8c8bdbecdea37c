# SPDX-License-Identifier: Apache-2.0
"""Results in the order in which they come, not in which they were asked for."""

import asyncio


async def visit(name, pause):
    await asyncio.sleep(pause)
    if name == "Rome":
        raise ValueError("all roads are closed")
    return f"greetings from {name}"


async def main():
    visits = [
        asyncio.create_task(visit("Lima", 0.06)),
        asyncio.create_task(visit("Oslo", 0.02)),
        asyncio.create_task(visit("Rome", 0.04)),
    ]
    for visited in asyncio.as_completed(visits):
        try:
            print(await visited)
        except ValueError as error:
            print("no greetings:", error)


asyncio.run(main())
