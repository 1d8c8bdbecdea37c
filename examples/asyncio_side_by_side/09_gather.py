# SPDX-License-Identifier: Apache-2.0
"""gather(): all results in order, and with return_exceptions the errors among them."""

import asyncio


async def square_root(number):
    await asyncio.sleep(0.01 * number)
    if number < 0:
        raise ValueError(f"{number} has none")
    return number**0.5


async def main():
    nine, four = await asyncio.gather(square_root(9), square_root(4))
    print(nine, four)

    calls = [square_root(number) for number in (16, -1, 1)]
    roots = await asyncio.gather(*calls, return_exceptions=True)
    for root in roots:
        if isinstance(root, Exception):
            print("failed:", root)
        else:
            print(root)


asyncio.run(main())
