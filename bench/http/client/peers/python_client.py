# SPDX-License-Identifier: Apache-2.0
"""What clients in Python share in the benchmarks of HTTP clients; see bench/README.md for the contract.

A client is `make_client(idle_max)`, a context manager that keeps so many idle connections, and
`fetch(client, url, body_bytes)`, which reads and checks one response.
"""

import asyncio
import gc
import os
import sys
import time

CONCURRENCY = 100
MIB = 1 << 20
MEASURED_S_MIN = 0.5

# Name, hosts, bytes of a body, requests, unit.
MEASURES = [
    ("get", 1, 100, 10_000, "requests"),
    ("get_hosts", 1000, 100, 10_000, "requests"),
    ("bodies_1m", 1, MIB, 1000, "MiB"),
    ("body_1g", 1, 1024 * MIB, 1, "MiB"),
]

SCALE = float(os.environ.get("WEFT_BENCH_SCALE", "1"))


def urls(port, hosts, body_bytes):
    """One for each of the hosts 127.0.0.1, 127.0.0.2 and so on."""
    return [f"http://127.0.{i // 250}.{i % 250 + 1}:{port}/bytes/{body_bytes}" for i in range(hosts)]


async def fetch_all(fetch, client, urls, body_bytes, count):
    numbers = iter(range(count))

    async def fetch_next():
        for i in numbers:
            await fetch(client, urls[i % len(urls)], body_bytes)

    await asyncio.gather(*(fetch_next() for _ in range(CONCURRENCY)))


async def measure(make_client, fetch, port, name, hosts, body_bytes, requests, unit):
    all_urls = urls(port, hosts, body_bytes)

    async def fetch_in_new_client(count):
        async with make_client(hosts + CONCURRENCY) as client:
            await fetch_all(fetch, client, all_urls, body_bytes, count)

    await fetch_in_new_client((requests + 9) // 10)
    fetched = 0
    start, cpu_start = time.monotonic(), time.process_time()
    while time.monotonic() - start < MEASURED_S_MIN * SCALE:
        await fetch_in_new_client(requests)
        fetched += requests
    seconds, cpu = time.monotonic() - start, time.process_time() - cpu_start
    units = fetched * max(1, body_bytes // MIB)
    print(f"{name} {units / seconds:.2f} {unit}/s")
    print(f"{name}_cpu {cpu / units * 1e6:.3f} us")
    print(f"{name}_busy {cpu / seconds * 100:.1f} %")


def resident_bytes():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


async def idle_memory(make_client, fetch, port):
    """The first hundred take with them what a client has but once."""
    first, measured = 100, 1000
    all_urls = urls(port, first + measured, 100)
    async with make_client(len(all_urls)) as client:
        await fetch_all(fetch, client, all_urls[:first], 100, first)
        before = resident_bytes()
        await fetch_all(fetch, client, all_urls[first:], 100, measured)
        print(f"idle_memory {(resident_bytes() - before) / measured:.0f} bytes")


def main(make_client, fetch, part=1, left_out=()):
    """Does what the arguments ask for: of the requests a part, and nothing that is left out."""
    arguments = sys.argv[1:]
    run = asyncio.run
    if arguments[0] == "--uvloop":
        import uvloop

        run = uvloop.run
        del arguments[0]
    port, *wanted = arguments
    for name, hosts, body_bytes, requests, unit in MEASURES:
        if name not in (wanted or [name]) or name in left_out:
            continue
        count = max(1, int(requests * part * SCALE))
        run(measure(make_client, fetch, port, name, hosts, body_bytes, count, unit))
    if not wanted or "idle_memory" in wanted:
        run(idle_memory(make_client, fetch, port))
