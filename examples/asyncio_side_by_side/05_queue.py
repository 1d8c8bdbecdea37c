# SPDX-License-Identifier: Apache-2.0
"""A producer and two consumers; the end is Queue.shutdown(). Needs Python 3.13."""

import asyncio


async def produce(queue):
    for number in range(6):
        await queue.put(number)
    queue.shutdown()


async def consume(name, pause, queue):
    try:
        while True:
            number = await queue.get()
            await asyncio.sleep(pause)
            print(f"{name}: {number}")
    except asyncio.QueueShutDown:
        print(f"{name}: no more")


async def main():
    queue = asyncio.Queue(maxsize=2)
    async with asyncio.TaskGroup() as group:
        group.create_task(produce(queue))
        group.create_task(consume("fast", 0.03, queue))
        group.create_task(consume("slow", 0.05, queue))
    print("done")


asyncio.run(main())
