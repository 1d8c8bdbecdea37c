# SPDX-License-Identifier: Apache-2.0
"""What clients in Python share in the benchmarks of HTTP clients; see bench/README.md for the contract.

A client is `make_client(idle_max, tls, http2)`, a context manager that keeps so many idle
connections, trusts what the context `tls` does, and speaks HTTP/2 where that is asked for;
`fetch(client, url, body_bytes)`, which reads and checks one response; and
`save(client, url, body_bytes, path)`, which has it in a file.
"""

import asyncio
import gc
import itertools
import os
import ssl
import sys
import time

CONCURRENCY = 100
MIB = 1 << 20
MEASURED_S_MIN = 0.5

# How many ports behind the server's.
PLAIN, TLS, HTTP2 = range(3)

# Name, protocol, hosts, bytes of a body, requests, unit.
MEASURES = [
    ("get", PLAIN, 1, 100, 10_000, "requests"),
    ("get_hosts", PLAIN, 1000, 100, 10_000, "requests"),
    ("tls_get", TLS, 1, 100, 10_000, "requests"),
    ("tls_get_hosts", TLS, 1000, 100, 10_000, "requests"),
    ("h2_get", HTTP2, 1, 100, 10_000, "requests"),
    ("h2_get_hosts", HTTP2, 1000, 100, 10_000, "requests"),
    ("bodies_1m", PLAIN, 1, MIB, 1000, "MiB"),
    ("body_1g", PLAIN, 1, 1024 * MIB, 1, "MiB"),
    ("bodies_1m_disk", PLAIN, 1, MIB, 1000, "MiB"),
    ("body_1g_disk", PLAIN, 1, 1024 * MIB, 1, "MiB"),
]

SCALE = float(os.environ.get("WEFT_BENCH_SCALE", "1"))


class Library:
    """The one that is measured, and the server it is to talk to."""

    def __init__(self, make_client, fetch, save, port, folder):
        self._make_client, self.fetch, self._save = make_client, fetch, save
        self._port, self._folder = port, folder
        self._files = itertools.count()

    def urls(self, protocol, hosts, body_bytes):
        """One for each of the hosts 127.0.0.1, 127.0.0.2 and so on."""
        scheme, port = "http" if protocol == PLAIN else "https", self._port + protocol
        return [f"{scheme}://127.0.{i // 250}.{i % 250 + 1}:{port}/bytes/{body_bytes}" for i in range(hosts)]

    def make_client(self, protocol, idle_max):
        tls = protocol != PLAIN and ssl.create_default_context(cafile=f"{self._folder}/ca.pem")
        return self._make_client(idle_max, tls, protocol == HTTP2)

    async def fetch_to_disk(self, client, url, body_bytes):
        path = f"{self._folder}/{next(self._files)}"
        await self._save(client, url, body_bytes, path)
        assert os.path.getsize(path) == body_bytes


async def fetch_all(fetch, client, urls, body_bytes, count):
    numbers = iter(range(count))

    async def fetch_next():
        for i in numbers:
            await fetch(client, urls[i % len(urls)], body_bytes)

    await asyncio.gather(*(fetch_next() for _ in range(CONCURRENCY)))


async def measure(library, name, protocol, hosts, body_bytes, requests, unit):
    all_urls = library.urls(protocol, hosts, body_bytes)
    fetch = library.fetch_to_disk if name.endswith("_disk") else library.fetch

    async def fetch_in_new_client(count):
        async with library.make_client(protocol, hosts + CONCURRENCY) as client:
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


async def idle_memory(library, name, protocol):
    """The first hundred take with them what a client has but once."""
    first, measured = 100, 1000
    all_urls = library.urls(protocol, first + measured, 100)
    async with library.make_client(protocol, len(all_urls)) as client:
        await fetch_all(library.fetch, client, all_urls[:first], 100, first)
        before = resident_bytes()
        await fetch_all(library.fetch, client, all_urls[first:], 100, measured)
        print(f"{name} {(resident_bytes() - before) / measured:.0f} bytes")


def main(make_client, fetch, save, part=1, left_out=()):
    """Does what the arguments ask for: of the requests a part, and nothing that is left out."""
    arguments = sys.argv[1:]
    run = asyncio.run
    if arguments[0] == "--uvloop":
        import uvloop

        run = uvloop.run
        del arguments[0]
    port, folder, *wanted = arguments
    library = Library(make_client, fetch, save, int(port), folder)
    for name, protocol, hosts, body_bytes, requests, unit in MEASURES:
        if name not in (wanted or [name]) or name in left_out:
            continue
        count = max(1, int(requests * part * SCALE))
        run(measure(library, name, protocol, hosts, body_bytes, count, unit))
    for name, protocol in ("idle_memory", PLAIN), ("tls_idle_memory", TLS):
        if name in (wanted or [name]):
            run(idle_memory(library, name, protocol))
