#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs process_images as a user would.

usage: main_test.py run|ctrl_c PROGRAM
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main():
    case, program = sys.argv[1], Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["XDG_CACHE_HOME"] = str(root / "cache")
        CASES[case](program, root)


def run(program, root):
    check_samples(program, root)
    check_broken_file(program, root)
    check_usage(program, root)


def check_samples(program, root):
    first = finish(program)
    expect(first.returncode == 0, first)
    expect("5 images: 5 ok, 0 failed" in first.stdout, first)
    expect(len(list(samples(root).iterdir())) == 5, first)


def check_broken_file(program, root):
    """A file that is cut off fails by its name, and the others are as they should be."""
    whole = (samples(root) / "sunset.jpg").read_bytes()
    pictures = root / "pictures"
    pictures.mkdir()
    (pictures / "a.jpg").write_bytes(whole)
    (pictures / "b.JPEG").write_bytes(whole)
    (pictures / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    (pictures / "leads_nowhere.jpg").symlink_to("missing")
    (pictures / "notes.txt").write_text("not a picture")

    done = finish(program, pictures, "--size", "64", "--out", root / "small")
    expect(done.returncode == 1, done)
    expect("4 images: 2 ok, 2 failed" in done.stdout, done)
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    expect("failed" in lines["broken.jpg"] and "failed" in lines["leads_nowhere.jpg"], done)
    expect("2400x1600" in lines["a.jpg"] and "2400x1600" in lines["b.JPEG"], done)
    expect(sorted(os.listdir(root / "small")) == ["a.jpg", "b.JPEG"], done)


def check_usage(program, root):
    empty = root / "empty"
    empty.mkdir()
    for arguments, message in [
        ([root / "missing"], "is not a folder"),
        ([empty], "no .jpg or .jpeg files"),
        ([root / "pictures", "--out", root / "pictures"], "would overwrite"),
        (["--concurrency", "0"], "--concurrency"),
        (["--sise", "3"], "--sise"),
    ]:
        done = finish(program, *arguments)
        expect(done.returncode == 2 and message in done.stderr, done)
    expect(finish(program, "--help").returncode == 0, "--help")


def ctrl_c(program, root):
    """The first SIGINT ends everything soon, and leaves nothing half done."""
    expect(finish(program).returncode == 0, "samples")
    picture = (samples(root) / "clouds.jpg").read_bytes()
    pictures = root / "pictures"
    pictures.mkdir()
    for number in range(500):
        (pictures / f"{number:03}.jpg").write_bytes(picture)

    out = root / "small"
    command = [program, pictures, "--size", "2400", "--out", out]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while ".jpg" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    stdout, stderr = process.communicate(timeout=60)
    seconds = time.monotonic() - asked

    expect(process.returncode == 130, (process.returncode, stdout, stderr))
    expect("stopped after" in stdout and stderr == "", (stdout, stderr))
    # One step of one picture, a tenth of a second or so; a minute for all.
    expect(seconds < 10, f"it took {seconds:.1f} s to stop")
    expect(not [name for name in os.listdir(out) if name.endswith(".tmp")], os.listdir(out))


def samples(root):
    return root / "cache" / "weft" / "process_images"


def finish(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=100)


def expect(condition, seen):
    if not condition:
        raise SystemExit(f"unexpected: {seen}")


CASES = {"run": run, "ctrl_c": ctrl_c}

if __name__ == "__main__":
    main()
