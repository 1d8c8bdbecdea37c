# SPDX-License-Identifier: Apache-2.0
"""Finds or builds the programs that bench/run.py runs: weft's own and its peers."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
CC = os.environ.get("CC", "clang-19")
CXX = os.environ.get("CXX", "clang++-19")


class Absent(Exception):
    """The program cannot be had here; the text says why."""


@dataclass
class Program:
    name: str
    command: list[str]
    tls: bool


def require_tool(tool):
    path = shutil.which(tool)
    if path is None:
        raise Absent(f"no {tool} on PATH")
    return path


def run_build(command, folder=ROOT):
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    command = [str(part) for part in command]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        first_error = next((line for line in lines if "error:" in line.lower()), lines[-1])
        raise Absent(f"{Path(command[0]).name} failed: {first_error.strip()}")


def is_newer(built, source):
    """True when nothing has to be built, so that no network is asked for."""
    if not built.exists():
        return False
    files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
    return all(path.stat().st_mtime <= built.stat().st_mtime for path in files)


def build_python(peer, source):
    return [require_tool("python3"), str(source)]


def build_venv(peer, source, requirements):
    # One for each list of requirements, named after the module that has it.
    venv = BUILD / "venv" / requirements.resolve().parents[1].name
    python = venv / "bin" / "python"
    stamp = venv / "installed"
    if not is_newer(stamp, requirements):
        run_build([require_tool("python3"), "-m", "venv", "--clear", venv])
        run_build([python, "-m", "pip", "install", "--quiet", "-r", requirements])
        stamp.touch()
    return [str(python), str(source)]


def build_cxx(peer, source):
    built = BUILD / source.stem
    if not is_newer(built, source):
        libraries = ["-pthread", *(f"-l{name}" for name in peer.get("libraries", []))]
        flags = ["-std=c++23", "-O2", "-DNDEBUG", *peer.get("flags", [])]
        run_build([require_tool(CXX), *flags, source, "-o", built, *libraries])
    return [str(built)]


def build_c(peer, source):
    built = BUILD / source.stem
    if not is_newer(built, source):
        sdist = fetch_sdist(peer["sdist"]) if "sdist" in peer else None
        sources = [source, *(sdist / name for name in peer.get("sdist_sources", []))]
        includes = [f"-I{sdist / name}" for name in peer.get("sdist_includes", [])]
        libraries = [f"-l{name}" for name in peer.get("libraries", [])]
        run_build([require_tool(CC), "-std=gnu17", "-O2", "-DNDEBUG", *includes, *sources, "-o", built, *libraries])
    return [str(built)]


def fetch_sdist(requirement):
    """The folder with the sources of a package from PyPI, NAME==VERSION."""
    folder = BUILD / "sdist" / requirement.replace("==", "-")
    if not folder.exists():
        download = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        run_build([require_tool("python3"), *download, "--dest", folder.parent, requirement])
        run_build([require_tool("tar"), "-xzf", f"{folder}.tar.gz", "-C", folder.parent])
    return folder


def build_cargo(peer, source):
    built = BUILD / "cargo" / "release" / source.name
    if not is_newer(built, source):
        command = [require_tool("cargo"), "build", "--quiet", "--release"]
        command += ["--manifest-path", source / "Cargo.toml", "--target-dir", BUILD / "cargo"]
        try:
            run_build([*command, "--offline"])
        except Absent:
            run_build(command)
        built.touch()
    return [str(built)]


def build_go(peer, source):
    built = BUILD / source.name
    if not is_newer(built, source):
        run_build([require_tool("go"), "build", "-o", built, "."], folder=source)
    return [str(built)]


BUILDERS = {
    "python": build_python,
    "c": build_c,
    "cxx": build_cxx,
    "cargo": build_cargo,
    "go": build_go,
}


def build_peer(peer, folder, weft_build):
    """Returns the Program; raises Absent."""
    BUILD.mkdir(parents=True, exist_ok=True)
    source = folder / peer["source"]
    try:
        if peer["kind"] == "weft":
            command = on_backend(peer, find_weft(weft_build / peer["source"]))
        elif peer["kind"] == "venv":
            command = build_venv(peer, source, folder / peer["requirements"])
        else:
            command = BUILDERS[peer["kind"]](peer, source)
    except Absent as reason:
        needs = f" (needs {peer['needs']})" if "needs" in peer else ""
        raise Absent(f"{reason}{needs}") from None
    return Program(peer["name"], command + peer.get("arguments", []), peer.get("tls", False))


def on_backend(peer, command):
    """env(1) becomes the program: a server keeps its process id."""
    if "backend" not in peer:
        return command
    return [require_tool("env"), f"WEFT_BACKEND={peer['backend']}", *command]


def find_weft(path):
    """weft is built by its own CMake presets, never from here."""
    if not path.exists():
        raise Absent(f"{path} is missing; build the release preset first")
    return [str(path)]


def make_certificate():
    """The files of a certificate for localhost and of its key, made when they are missing."""
    certificate, key = BUILD / "certificate.pem", BUILD / "key.pem"
    if not (certificate.exists() and key.exists()):
        BUILD.mkdir(parents=True, exist_ok=True)
        command = [require_tool("openssl"), "req", "-x509", "-days", "3650", "-nodes"]
        command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        run_build([*command, "-keyout", key, "-out", certificate])
    return [str(certificate), str(key)]


def compile_command(source):
    """The command behind compile_time: one file, optimised, to an object."""
    if not source.exists():
        raise Absent(f"{source.name} is missing")
    target = BUILD / f"{source.stem}.o"
    return [require_tool(CXX), "-std=c++23", "-O2", f"-I{ROOT}", "-c", str(source), "-o", str(target)]
