# SPDX-License-Identifier: Apache-2.0
"""Fetches URLs at once, ten at a time, and prints how long the pages are. Needs aiohttp."""

import asyncio
import sys

import aiohttp


async def fetch(session, url, permits):
    async with permits:
        try:
            async with session.get(url) as response:
                response.raise_for_status()
                page = await response.read()
                return f"{len(page)} bytes"
        except aiohttp.ClientResponseError as error:
            return f"failed with {error.status}"
        except aiohttp.ClientConnectorError:
            return "nobody answers"


async def main(urls):
    permits = asyncio.Semaphore(10)
    async with aiohttp.ClientSession() as session:
        calls = [fetch(session, url, permits) for url in urls]
        results = await asyncio.gather(*calls)
    for url, result in zip(urls, results):
        print(f"{url}: {result}")


asyncio.run(main(sys.argv[1:]))
