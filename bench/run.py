#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures weft against its peers; see bench/README.md for the method.

usage: bench/run.py [--quick] [--runs N] [--build FOLDER] [MODULE [MEASURE ...]]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import datafile
import processes
import programs
import report
from programs import Absent

ROOT = programs.ROOT


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures weft against its peers.")
    parser.add_argument("module", nargs="?", default="runtime")
    parser.add_argument("measures", nargs="*", metavar="MEASURE")
    parser.add_argument("--quick", action="store_true", help="3 runs, a tenth of the iterations")
    parser.add_argument("--runs", type=int, help="runs of each program, 7 unless told")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release",
                        help="where weft was built")
    return parser.parse_args()


def collect_programs(module, folder, build, asked, results):
    found = []
    tls_asked = {measure in module.get("tls_measures", []) for measure in asked}
    for peer in [{"name": "weft", "kind": "weft", "source": module["weft"]}, *module["peer"]]:
        if peer.get("tls", False) not in tls_asked:
            continue
        print(f"building {peer['name']}", file=sys.stderr)
        try:
            found.append(programs.build_peer(peer, folder, build))
        except Absent as reason:
            what = f"{peer['name']} over TLS" if peer.get("tls") else peer["name"]
            results.absent[what] = str(reason)
    return found


def find_tls_files(module, asked):
    """What servers and load are told in a measure of TLS; none when none is asked for."""
    if not set(asked) & set(module.get("tls_measures", [])):
        return []
    try:
        return programs.make_certificate()
    except Absent as reason:
        sys.exit(str(reason))


def collect_compilations(module, folder, results):
    found = []
    for name, source in module.get("compile_time", {}).items():
        try:
            found.append((name, programs.compile_command(folder / source)))
        except Absent as reason:
            results.absent[f"{name} compile_time"] = str(reason)
    return found


def find_other_side(module, build):
    """The commands of the load where the programs are servers, and of the server where they are
    clients; None for what there is not.
    """
    commands = {name: module.get(name) for name in ("load", "server")}
    if not any(commands.values()):
        return commands
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("a server and its clients need two cores")
    # Each connection is a descriptor of both.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        return {name: path and programs.find_weft(build / path) for name, path in commands.items()}
    except Absent as reason:
        sys.exit(str(reason))


def cores_for(measure, module):
    cores = sorted(os.sched_getaffinity(0))
    both = "load" in module or "server" in module or measure in module.get("threads", [])
    return cores[-2:] if both else cores[-1:]


def run_program(program, other_side, tls_files, measure, asked, cores, round_, results):
    what = f"{program.name} {measure}"
    try:
        datafile.read_in()
        if other_side["load"]:
            told = tls_files if program.tls else []
            done = processes.run_against(program.command, other_side["load"], measure, told, cores)
        elif other_side["server"]:
            done = processes.run_client(program.command, other_side["server"], measure,
                                        programs.BUILD, cores)
        else:
            done = processes.run_pinned([*program.command, measure], cores)
    except (OSError, subprocess.TimeoutExpired, processes.ServerFailed) as error:
        results.absent.setdefault(what, str(error))
        return
    for line in done.stdout.splitlines():
        try:
            name, value, unit = line.split()
            if name in asked:
                results.add(name, program.name, round_, float(value), unit)
        except ValueError as error:
            results.absent.setdefault(what, f"a line that is no result: {line!r} ({error})")
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        results.absent.setdefault(what, f"exit status {done.returncode}: {last}")


def run_compilation(name, command, cores, round_, results):
    start = time.monotonic()
    done = processes.run_pinned(command, cores)
    seconds = time.monotonic() - start
    if done.returncode == 0:
        results.add("compile_time", name, round_, seconds, "s")
        return
    errors = [line for line in done.stderr.splitlines() if "error:" in line] or ["no message"]
    results.absent.setdefault(f"{name} compile_time", errors[0])


def rotated(items, by):
    """Another one goes first in each round, so that none always follows the same one."""
    by %= max(1, len(items))
    return items[by:] + items[:by]


def main():
    arguments = parse_arguments()
    folder = ROOT / "bench" / arguments.module
    if not (folder / "bench.toml").exists():
        sys.exit(f"unknown module: {arguments.module}")
    with open(folder / "bench.toml", "rb") as file:
        module = tomllib.load(file)
    if arguments.quick:
        os.environ["WEFT_BENCH_SCALE"] = "0.1"
    runs = arguments.runs or (3 if arguments.quick else 7)

    tls_measures = module.get("tls_measures", [])
    measures = module["measures"] + tls_measures
    measures += ["compile_time"] if "compile_time" in module else []
    unknown = set(arguments.measures) - set(measures)
    if unknown:
        sys.exit(f"unknown measure: {', '.join(sorted(unknown))}")
    wanted = arguments.measures
    asked = [measure for measure in measures if not wanted or measure in wanted]

    together = module.get("together", {})
    runs_of = list(dict.fromkeys(together.get(measure, measure) for measure in asked))

    results = report.Results()
    build = arguments.build.resolve()
    other_side = find_other_side(module, build)
    datafile.provide(module)
    tls_files = find_tls_files(module, asked)
    found = collect_programs(module, folder, build, asked, results)
    compilations = []
    if "compile_time" in asked:
        compilations = collect_compilations(module, folder, results)
    for round_ in range(runs):
        print(f"round {round_ + 1} of {runs}", file=sys.stderr)
        for measure in runs_of:
            cores = cores_for(measure, module)
            if measure == "compile_time":
                for name, command in rotated(compilations, round_):
                    run_compilation(name, command, cores, round_, results)
                continue
            measured = [program for program in found if program.tls == (measure in tls_measures)]
            for program in rotated(measured, round_):
                run_program(program, other_side, tls_files, measure, asked, cores, round_, results)

    judged = list(report.judge_goals(results, module["goals"], asked))
    for program, goals in module.get("goals_of", {}).items():
        judged += report.judge_goals(results, goals, asked, program)
    print(*report.measure_lines(results, asked), sep="\n")
    for name, reason in results.absent.items():
        print(f"absent: {name}: {reason}")
    print(*report.goal_lines(judged, results.units), sep="\n")

    facts = {
        "module": arguments.module,
        "runs": runs,
        "scale": float(os.environ.get("WEFT_BENCH_SCALE", "1")),
        "machine": report.describe_machine(),
    }
    output = ROOT / "build" / "bench" / f"{arguments.module}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(facts | report.as_json(results, asked, judged), indent=1) + "\n")
    print(f"written: {output.relative_to(ROOT)}", file=sys.stderr)


main()
