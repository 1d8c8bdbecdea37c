# SPDX-License-Identifier: Apache-2.0
"""httpx in the benchmarks of HTTP clients; see bench/README.md for the contract.

usage: httpx_client.py [--uvloop] PORT [MEASURE ...]
"""

import httpx
import python_client


def make_client(idle_max):
    # 100 connections in all by default, idle ones included, and 20 of those.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=idle_max)
    # Reads no certificates, which would be a part of the time.
    return httpx.AsyncClient(limits=limits, verify=False)


async def fetch(client, url, body_bytes):
    response = await client.get(url)
    assert response.status_code == 200
    assert len(response.content) == body_bytes


# Each request looks at all connections and all that wait: 10,000 take most of a minute, and of 1,000
# hosts five.
python_client.main(make_client, fetch, part=0.1, left_out=["get_hosts"])
