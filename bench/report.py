# SPDX-License-Identifier: Apache-2.0
"""Turns the values of all runs into medians, ratios, goals, text and JSON."""

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median


@dataclass
class Results:
    """values[measure][program] has one number per round in which the program gave one."""

    units: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    absent: dict = field(default_factory=dict)

    def add(self, measure, program, round_, value, unit):
        self.units.setdefault(measure, unit)
        if self.units[measure] != unit:
            raise ValueError(f"{program} gives {measure} in {unit}, others in {self.units[measure]}")
        self.values.setdefault(measure, {}).setdefault(program, {})[round_] = value

    def runs(self, measure, program):
        return list(self.values.get(measure, {}).get(program, {}).values())

    def median(self, measure, program):
        runs = self.runs(measure, program)
        return median(runs) if runs else None

    def ratio(self, measure, peer, program="weft"):
        """How many times better weft is, or another of its programs, by the median round; None when
        they share no round.

        More is better where the unit is a rate, as in `requests/s`; a share in percent is neither.

        Within a round the two ran one after the other, so that a machine that is slower for some
        minutes is so for both.
        """
        unit = self.units.get(measure, "")
        if unit == "%":
            return None
        programs = self.values.get(measure, {})
        own, other = programs.get(program, {}), programs.get(peer, {})
        if unit.endswith("/s"):
            own, other = other, own
        ratios = [other[round_] / own[round_] for round_ in own.keys() & other.keys()]
        return median(ratios) if ratios else None


def number(value):
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def measure_lines(results, measures):
    for measure in measures:
        programs = results.values.get(measure)
        if not programs:
            continue
        unit = results.units[measure]
        own = results.median(measure, "weft")
        yield f"{measure} {number(own)} {unit}" if own is not None else f"{measure} absent {unit}"
        for peer in programs:
            if peer == "weft":
                continue
            runs = results.runs(measure, peer)
            ratio = results.ratio(measure, peer)
            shown = f"{ratio:.2f}" if ratio is not None else "-"
            spread = f"spread {number(min(runs))}..{number(max(runs))}"
            yield f"  ratio to {peer}: {shown} ({peer} {number(median(runs))} {unit}, {spread})"


def judge_goals(results, goals, measures, program="weft"):
    """Yields one dict for each goal: what is asked, what was found, and the verdict."""
    for measure in measures:
        for against, goal in goals.get(measure, {}).items():
            if against == "at_most":
                found = results.median(measure, program)
                reached = found is not None and found <= goal
            else:
                found = results.ratio(measure, against, program)
                reached = found is not None and found >= goal
            verdict = "not measured" if found is None else "reached" if reached else "missed"
            yield {
                "program": program,
                "measure": measure,
                "against": against,
                "goal": goal,
                "found": found,
                "verdict": verdict,
            }


def goal_lines(judged, units):
    width = max([8, *(len(row["against"]) for row in judged)])
    yield f"{'goal':28} {'against':{width}} {'asked':>13} {'found':>10}  verdict"
    for row in judged:
        if row["against"] == "at_most":
            against, asked = "itself", f"<= {row['goal']} {units.get(row['measure'], '')}"
        else:
            against, asked = row["against"], f">= {row['goal']:g}x"
        found = "-" if row["found"] is None else number(row["found"])
        what = row["measure"] if row["program"] == "weft" else f"{row['program']} {row['measure']}"
        yield f"{what:28} {against:{width}} {asked:>13} {found:>10}  {row['verdict']}"
    counts = {verdict: 0 for verdict in ("reached", "missed", "not measured")}
    for row in judged:
        counts[row["verdict"]] += 1
    yield "goals: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def describe_machine():
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    try:
        congestion = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    except OSError:
        congestion = "unknown"
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "tcp_congestion_control": congestion,
        "load": os.getloadavg()[0],
    }


def as_json(results, measures, judged):
    rows = {}
    for measure in measures:
        programs = results.values.get(measure, {})
        rows[measure] = {
            "unit": results.units.get(measure),
            "programs": {
                name: {
                    "median": results.median(measure, name),
                    "low": min(runs.values()),
                    "high": max(runs.values()),
                    "rounds": runs,
                    "ratio": None if name == "weft" else results.ratio(measure, name),
                }
                for name, runs in programs.items()
            },
        }
    return {"measures": rows, "goals": judged, "absent": results.absent}
