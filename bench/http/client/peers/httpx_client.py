# SPDX-License-Identifier: Apache-2.0
"""httpx in the benchmarks of HTTP clients; see bench/README.md for the contract.

usage: httpx_client.py [--uvloop] PORT FOLDER [MEASURE ...]
"""

import httpx
import python_client


def make_client(idle_max, tls, http2):
    # 100 connections in all by default, idle ones included, and 20 of those.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=idle_max)
    # Where there is no TLS it reads no certificates, which would be a part of the time.
    return httpx.AsyncClient(limits=limits, verify=tls, http2=http2)


def check(response):
    assert response.status_code == 200


async def fetch(client, url, body_bytes):
    response = await client.get(url)
    check(response)
    assert len(response.content) == body_bytes


async def save(client, url, body_bytes, path):
    async with client.stream("GET", url) as response:
        check(response)
        with open(path, "wb") as file:
            async for piece in response.aiter_bytes():
                file.write(piece)


# Each request looks at all connections and all that wait: 10,000 take most of a minute, and of 1,000
# hosts five.
python_client.main(make_client, fetch, save, part=0.1,
                   left_out=["get_hosts", "tls_get_hosts", "h2_get_hosts"])
