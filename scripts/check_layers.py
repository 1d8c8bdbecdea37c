#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every include in weft/ points where the module's DEPS say it may.

usage: check_layers.py [ROOT]
"""

import re
import sys
from pathlib import Path

CALL = re.compile(r"^\s*weft_(module|umbrella)\(\s*([\w/]+)([^)]*)\)", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>]*>|"[^"]*")')
KEYWORDS = {"DEPS", "HEADERS", "SOURCES", "LIBS", "TARGET", "TESTS", "FUZZERS", "BENCHES"}
TEST_FILE = re.compile(r"_(test|fuzz|bench)\.(cpp|hpp)$")
TEST_LIBRARY = re.compile(r"<(gtest|gmock)/")


def read_deps(root):
    """Returns {module: DEPS} and {umbrella: DEPS}, both as written in the CMake files."""
    found = {"module": {}, "umbrella": {}}
    for path in sorted((root / "weft").rglob("CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        for kind, name, arguments in CALL.findall(text):
            deps, keyword = [], None
            for word in arguments.split():
                if word in KEYWORDS:
                    keyword = word
                elif keyword == "DEPS":
                    deps.append(word)
            found[kind][name] = deps
    return found["module"], found["umbrella"]


def find_cycle(modules):
    """Returns the modules of one cycle in order, its first one repeated, or None."""
    done, path = set(), []

    def visit(module):
        if module in path:
            return path[path.index(module) :] + [module]
        if module in done:
            return None
        path.append(module)
        for dep in modules.get(module, ()):
            if cycle := visit(dep):
                return cycle
        path.pop()
        done.add(module)
        return None

    for module in sorted(modules):
        if cycle := visit(module):
            return cycle
    return None


def owner(path, modules):
    """Returns the module with the longest name that holds `path` (below weft/), or None."""
    folder = path.rpartition("/")[0]
    while folder and folder not in modules:
        folder = folder.rpartition("/")[0]
    return folder or None


def judge(path, include, modules, umbrellas):
    """Returns why the file weft/`path` must not have this include, or None."""
    if include.startswith('"'):
        return "write <weft/...>, from the root"
    module = owner(path, modules)
    is_test = TEST_FILE.search(path) or module == "testing"
    if TEST_LIBRARY.match(include) and not is_test:
        return "only a test, a fuzzer or a benchmark may include it"
    if not include.startswith("<weft/"):
        return None

    target = include[len("<weft/") : -1]
    target_module = owner(target, modules)
    if module is None:
        name = path.removesuffix(".hpp")
        if name not in umbrellas:
            return "the file belongs to no weft_module and no weft_umbrella"
        allowed = set(umbrellas[name])
    else:
        allowed = {module, *modules[module]}
        if is_test:
            allowed.add("testing")

    if target_module is None:
        return "umbrella headers are for users" if "/" not in target else "it is in no module"
    if target_module == "testing" and not is_test:
        return "only a test, a fuzzer or a benchmark may include it"
    if "/internal/" in target and target_module != module:
        return f"it is private to {target_module}"
    if target_module not in allowed:
        return f"{target_module} is not in the DEPS of {module or name}"
    return None


def problems(root):
    """Returns one line for each broken rule below `root`."""
    modules, umbrellas = read_deps(root)
    found = []
    for name, deps in sorted([*umbrellas.items(), *modules.items()]):
        for dep in deps:
            if dep not in modules:
                found.append(f"weft/{name}: DEPS names {dep}, which is no module")
    if cycle := find_cycle(modules):
        found.append("cycle: " + " > ".join(cycle))
    for source in sorted((root / "weft").rglob("*.[ch]pp")):
        path = source.relative_to(root / "weft").as_posix()
        for number, line in enumerate(source.read_text().splitlines(), start=1):
            match = INCLUDE.match(line)
            if match and (reason := judge(path, match[1], modules, umbrellas)):
                found.append(f"weft/{path}:{number}: {match[1]}: {reason}")
    return found


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent
    found = problems(root)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
