# SPDX-License-Identifier: Apache-2.0
"""aiohttp in the benchmarks of HTTP clients; see bench/README.md for the contract.

usage: aiohttp_client.py [--uvloop] PORT [MEASURE ...]
"""

import aiohttp
import python_client


def make_client(idle_max):
    return aiohttp.ClientSession()  # by default 100 connections are in use, and all are kept


async def fetch(session, url, body_bytes):
    async with session.get(url) as response:
        assert response.status == 200
        assert len(await response.read()) == body_bytes


python_client.main(make_client, fetch)
