# SPDX-License-Identifier: Apache-2.0
"""An asynchronous generator that is left early, and closes with an await."""

import asyncio
from contextlib import aclosing


async def readings():
    try:
        value = 20
        while True:
            await asyncio.sleep(0.01)
            yield value
            value += 1
    finally:
        await asyncio.sleep(0.01)
        print("the sensor is off")


async def main():
    async with aclosing(readings()) as values:
        async for value in values:
            print(value, "degrees")
            if value == 22:
                break
    print("done")


asyncio.run(main())
