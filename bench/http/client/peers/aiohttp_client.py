# SPDX-License-Identifier: Apache-2.0
"""aiohttp in the benchmarks of HTTP clients; see bench/README.md for the contract.

usage: aiohttp_client.py [--uvloop] PORT FOLDER [MEASURE ...]
"""

import aiohttp
import python_client


def make_client(idle_max, tls, http2):
    # By default 100 connections are in use, and all are kept.
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls or True))


async def fetch(session, url, body_bytes):
    async with session.get(url) as response:
        assert response.status == 200
        assert len(await response.read()) == body_bytes


async def save(session, url, body_bytes, path):
    async with session.get(url) as response:
        assert response.status == 200
        with open(path, "wb") as file:
            async for piece in response.content.iter_any():
                file.write(piece)


python_client.main(make_client, fetch, save, left_out=["h2_get", "h2_get_hosts"])
