# SPDX-License-Identifier: Apache-2.0
"""A request is cancelled; what it had begun to save is saved all the same."""

import asyncio


async def save(order):
    print("saving", order)
    await asyncio.sleep(0.03)
    return f"{order} is saved"


async def request(saving):
    try:
        await asyncio.shield(saving)
    except asyncio.CancelledError:
        print("the client went away")
        raise


async def main():
    saving = asyncio.create_task(save("order 17"))
    asking = asyncio.create_task(request(saving))
    await asyncio.sleep(0.01)

    asking.cancel()
    await asyncio.wait([asking])
    print("the request was cancelled" if asking.cancelled() else "?")
    print(await saving)


asyncio.run(main())
