# SPDX-License-Identifier: Apache-2.0
"""The file that a module's programs read, where its bench.toml asks for one by `file_mib`."""

import os

import programs

BLOCK_BYTES = 4096
VARIABLE = "WEFT_BENCH_FILE"


def provide(module):
    """Makes the file unless it is there, and names it to the programs."""
    os.environ.pop(VARIABLE, None)
    if "file_mib" not in module:
        return
    path = programs.BUILD / f"{module['file_mib']}_mib.dat"
    size = module["file_mib"] << 20
    if not path.exists() or path.stat().st_size != size:
        write(path, size)
    os.environ[VARIABLE] = str(path)


def write(path, size):
    """Each block begins with its number, and is on the disk: what is dirty cannot be dropped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        for block in range(size // BLOCK_BYTES):
            file.write(block.to_bytes(8, "little").ljust(BLOCK_BYTES, b"\0"))
        file.flush()
        os.fsync(file.fileno())


def read_in():
    """Has all of it in the system's memory, where the program before has dropped it."""
    if VARIABLE not in os.environ:
        return
    with open(os.environ[VARIABLE], "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
