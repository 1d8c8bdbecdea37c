# SPDX-License-Identifier: Apache-2.0
"""Fetches URLs in a task group: the first one that fails ends the others. Needs aiohttp."""

import asyncio
import sys

import aiohttp


async def count(session, url, counts):
    async with session.get(url) as response:
        response.raise_for_status()
        page = await response.read()
        counts[url] = len(page)


async def count_all(urls):
    counts = {}
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(30):
            async with asyncio.TaskGroup() as group:
                for url in urls:
                    group.create_task(count(session, url, counts))
    return counts


async def main(urls):
    try:
        counts = await count_all(urls)
        print(f"{sum(counts.values())} bytes in {len(counts)} pages")
    except* aiohttp.ClientError as errors:
        print(f"{len(errors.exceptions)} failed, and so have all")


asyncio.run(main(sys.argv[1:]))
