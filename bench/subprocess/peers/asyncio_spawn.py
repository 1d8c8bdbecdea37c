# SPDX-License-Identifier: Apache-2.0
"""The processes of the benchmarks in Python; see bench/README.md for the contract.

usage: asyncio_spawn.py [--uvloop] [MEASURE ...]
"""

import asyncio
import os
import sys
from time import perf_counter_ns, process_time_ns

SCALE = float(os.environ.get("WEFT_BENCH_SCALE", "1"))
MEASURES = {"spawn": 1, "spawn_16": 16}


async def run_true(left):
    while left[0] > 0:
        left[0] -= 1
        process = await asyncio.create_subprocess_exec("/bin/true")
        assert await process.wait() == 0


async def timed(n, at_once):
    """Gives the nanoseconds that it took, and those of the processor."""
    left = [n]
    cpu, start = process_time_ns(), perf_counter_ns()
    await asyncio.gather(*[run_true(left) for _ in range(at_once)])
    return perf_counter_ns() - start, process_time_ns() - cpu


async def measure(name, at_once):
    n = 32
    took, _ = await timed(n, at_once)
    while True:
        n = max(n, int(n * 200e6 * SCALE / took))
        took, cpu = await timed(n, at_once)
        if took >= 100e6 * SCALE:
            break
    print(f"{name} {n / took * 1e9:.2f} processes/s")
    print(f"{name}_cpu {cpu / n:.2f} ns")


def main():
    options = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    run = asyncio.run
    if "--uvloop" in options:
        import uvloop

        run = uvloop.run
    for name, at_once in MEASURES.items():
        if not wanted or name in wanted:
            run(measure(name, at_once))


main()
