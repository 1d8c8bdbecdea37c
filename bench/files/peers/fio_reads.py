# SPDX-License-Identifier: Apache-2.0
"""The reads of the benchmarks of files by fio; see bench/README.md for the contract.

usage: fio_reads.py [--FIO_OPTION ...] [MEASURE ...], with the file's path in WEFT_BENCH_FILE
"""

import json
import os
import shutil
import subprocess
import sys

SCALE = float(os.environ.get("WEFT_BENCH_SCALE", "1"))
# Each block once before any comes again, as in the other programs, by a generator of its own. No
# clock is read for each request: nobody asks for latencies.
COMMON = ["--name=reads", "--rw=randread", "--bs=4k", "--random_generator=lfsr", "--norandommap",
          "--thread", "--gtod_reduce=1", "--output-format=json"]


def options_of(measure, file, threads):
    if measure == "read":
        # How long it took is told in milliseconds, so there are more of them than in the others.
        return ["--invalidate=0", "--time_based", f"--ramp_time={int(50 * SCALE) + 1}ms",
                f"--runtime={int(500 * SCALE)}ms"]
    # A part of the file for each thread: no block is read twice.
    part = os.path.getsize(file) // threads
    return ["--invalidate=1", f"--number_ios={int(16384 * SCALE) // threads}", f"--size={part}",
            f"--offset_increment={part}"]


def run_fio(file, options, measure):
    threads = next((int(option.split("=")[1]) for option in options if "numjobs" in option), 1)
    command = ["fio", *COMMON, f"--filename={file}", *options, *options_of(measure, file, threads)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"fio failed: {(done.stderr or done.stdout).strip()}")
    # What fio says beside that stands before it.
    return json.loads(done.stdout[done.stdout.index("{"):])["jobs"]


def print_rate(measure, jobs):
    reads = sum(job["read"]["total_ios"] for job in jobs)
    took_ms = max(job["read"]["runtime"] for job in jobs)
    cpu_ms = sum((job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] for job in jobs)
    print(f"{measure} {reads / took_ms * 1e3:.2f} reads/s")
    print(f"{measure}_cpu {cpu_ms / reads * 1e6:.2f} ns")


def main():
    options = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if shutil.which("fio") is None:
        sys.exit("no fio on PATH (needs fio, package fio)")
    for measure in ("read", "cold_read"):
        if not wanted or measure in wanted:
            print_rate(measure, run_fio(os.environ["WEFT_BENCH_FILE"], options, measure))


main()
