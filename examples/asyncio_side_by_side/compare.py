#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each program in C++ and in Python, and compares what they print with NN_name.txt.

usage: compare.py FOLDER NAME...    FOLDER has the programs that were built

The Python ones are run if this interpreter is new enough for them.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
EXIT_CODES = {"08_ctrl_c": 130}  # beside 0


def main():
    folder, *names = sys.argv[1:]
    failed = [name for name in names if not all(list(same_everywhere(Path(folder), name)))]
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")


def same_everywhere(folder, name):
    yield as_recorded(name, "C++", [folder / name])
    source = HERE / f"{name}.py"
    if needed_version(source) <= sys.version_info[:2]:
        yield as_recorded(name, "Python", [sys.executable, source])
    else:
        print(f"{name}: not run in Python {sys.version_info.major}.{sys.version_info.minor}")


def needed_version(source):
    """Python 3.11 has task groups; a docstring may ask for more."""
    found = re.search(r"Needs Python (\d+)\.(\d+)", source.read_text())
    return tuple(map(int, found.groups())) if found else (3, 11)


def as_recorded(name, language, command):
    wanted = (HERE / f"{name}.txt").read_text(), "", EXIT_CODES.get(name, 0)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    seen = done.stdout, done.stderr, done.returncode
    print(f"{name}: {language}: {'as recorded' if seen == wanted else 'DIFFERS'}")
    if seen != wanted:
        for text in (*wanted, *seen):
            print(f"    {text!r}")
    return seen == wanted


if __name__ == "__main__":
    main()
