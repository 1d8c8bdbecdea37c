# SPDX-License-Identifier: Apache-2.0
"""Compares weft's traces with CPython's.

    compare.py TRACES.json [--differences FILE] [--groups LOOP,FUT,...] [--golden FILE]

TRACES.json maps the full id of a case to the trace that the conformance program wrote for it.
The differences file lists, one a line, the full ids of cases that differ on purpose, each with its reason:
    LOOP-04-equal-deadline  timers with one deadline fire in the order of their making
--groups counts only the cases of those groups (the letters before the first dash).
Prints the counts, then every id that is missing or wrong, and every listed difference that is unknown, without
a reason, or not a difference at all; exits 1 when there is one of these.
--golden names other recorded traces than golden-3.13.json beside this file.
"""
import argparse
import json
import pathlib
import sys


def group_of(case):
    return case.split("-")[0]


def read_differences(path):
    """{id: reason}; empty lines and lines that begin with # do not count."""
    reasons = {}
    for line in path.read_text().splitlines() if path else ():
        words = line.split(None, 1)
        if words and not words[0].startswith("#"):
            reasons[words[0]] = words[1].strip() if len(words) > 1 else ""
    return reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", type=pathlib.Path)
    parser.add_argument("--differences", type=pathlib.Path)
    parser.add_argument("--groups", type=lambda text: set(text.split(",")))
    parser.add_argument("--golden", type=pathlib.Path, default=pathlib.Path(__file__).parent / "golden-3.13.json")
    options = parser.parse_args()

    golden = json.loads(options.golden.read_text())
    traces = json.loads(options.traces.read_text())
    reasons = read_differences(options.differences)
    unknown = [case for case in reasons if case not in golden]

    all_groups = {group_of(case) for case in golden}
    groups = options.groups or all_groups
    if groups - all_groups:
        parser.error(f"no such group: {', '.join(sorted(groups - all_groups))}")
    golden = {case: trace for case, trace in golden.items() if group_of(case) in groups}
    reasons = {case: reason for case, reason in reasons.items() if case in golden}

    def same(case):
        # As text, since True == 1 in Python.
        return case in traces and json.dumps(traces[case]) == json.dumps(golden[case])

    identical = [case for case in golden if same(case)]
    deliberate = [case for case in golden if reasons.get(case) and not same(case)]
    left = [case for case in golden if case not in identical and case not in deliberate]
    missing = [case for case in left if case not in traces]
    wrong = [case for case in left if case in traces]
    no_difference = [case for case in reasons if case in identical]
    no_reason = [case for case, reason in reasons.items() if not reason]

    print(f"{len(identical)} identical, {len(deliberate)} deliberate differences, {len(missing)} missing, "
          f"{len(wrong)} wrong, of {len(golden)}")
    for case in missing:
        print("missing", case)
    for case in wrong:
        print("wrong", case, "expected", json.dumps(golden[case]), "got", json.dumps(traces[case]))
    for title, cases in (("unknown", unknown), ("no difference", no_difference), ("no reason", no_reason)):
        for case in cases:
            print(title, case)
    return 1 if missing or wrong or unknown or no_difference or no_reason else 0


if __name__ == "__main__":
    sys.exit(main())
