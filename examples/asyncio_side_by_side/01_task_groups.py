# SPDX-License-Identifier: Apache-2.0
"""Task groups in each other: errors are handled where they belong, the rest goes up."""

import asyncio


async def prices():
    await asyncio.sleep(0.02)
    raise ValueError("a price below zero")


async def stock():
    await asyncio.sleep(0.02)
    raise OSError("the warehouse does not answer")


async def reviews():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("reviews: cancelled")
        raise


async def product():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(prices())
            group.create_task(stock())
    except* ValueError as errors:
        print("product:", errors.exceptions[0])


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(reviews())
            group.create_task(product())
    except* OSError as errors:
        print("main:", len(errors.exceptions), "group of OSErrors")


asyncio.run(main())
