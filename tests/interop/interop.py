# SPDX-License-Identifier: Apache-2.0
"""What the interop tests share: programs that are started and ended, and the pattern.

usage of each test: NAME_test.py PEER [TEST...]    PEER is the program of peer.cpp
"""

import functools
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

PEER = sys.argv[1]
# Seconds for what takes one, unless the machine is busy. Two that hang fit in ctest's limit, which
# would end this test without the programs that it has started.
WAIT_MAX = 40
SKIPPED = 77  # what CMakeLists.txt tells ctest
LARGE = 32 << 20  # bytes: more than the system keeps of a connection that nobody reads


@functools.cache
def pattern(count):
    """The bytes of pattern.hpp."""
    period = bytes(range(251))
    return (period * (count // len(period) + 1))[:count]


def missing(program):
    """Returns the reason to skip where a program is not installed, else None."""
    return None if shutil.which(program) else f"{program} is not installed"


def main(skipped_because=None):
    """Runs the tests of the file that calls, or says why it does not."""
    if skipped_because:
        print(f"skipped: {skipped_because}")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[1:], verbosity=2)


class Program:
    """A started program. It is killed if it runs for WAIT_MAX, so that who waits for it goes on."""

    def __init__(self, *command, **options):
        # Unbuffered: communicate() would not see what readline() has read ahead.
        pipes = dict.fromkeys(["stdin", "stdout", "stderr"], subprocess.PIPE)
        self.process = subprocess.Popen(
            list(map(str, command)), bufsize=0, **{**pipes, **options}
        )
        self.watchdog = threading.Timer(WAIT_MAX, self.process.kill)
        self.watchdog.start()

    def line(self):
        return self.process.stdout.readline().decode().removesuffix("\n")

    def error_line(self):
        return self.process.stderr.readline().decode().removesuffix("\n")

    def close_input(self):
        self.process.stdin.close()
        self.process.stdin = None  # or communicate() would flush it

    def communicate(self, data=None):
        """Gives its input and returns its stdout and stderr, once it has ended."""
        return self.process.communicate(data)

    def kill(self):
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait()
        for pipe in [self.process.stdin, self.process.stdout, self.process.stderr]:
            if pipe:
                pipe.close()


class InteropTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.paths = 0

    def new_path(self):
        """Returns a path where there is nothing yet, for a Unix socket."""
        self.paths += 1
        return str(self.folder / str(self.paths))

    def start(self, *command, **options):
        program = Program(*command, **options)
        self.addCleanup(program.kill)
        return program

    def reserved_port(self):
        """Returns a port for a program that cannot let the system choose one. Nobody else gets it: a socket
        has it that does not listen. Whoever sets SO_REUSEADDR, as servers do, may have it as well."""
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]

    # ---- weft's end

    def listen(self, talk, kind="tcp", count=0):
        """Starts a server of weft, which is to end well with the test; `address` is where."""
        address = {"tcp": "127.0.0.1:0", "tls": "tls:127.0.0.1:0"}.get(kind) or self.new_path()
        peer = self.start(PEER, "listen", address, talk, count)
        self.addCleanup(self.stop, peer)
        ready, *port = peer.line().split()
        self.assertEqual(ready, "ready")
        peer.address = f"127.0.0.1:{port[0]}" if port else address
        return peer

    def connect(self, address, talk, count=0):
        """Starts a client of weft, whose end ends() sees."""
        return self.start(PEER, "connect", address, talk, count)

    def says(self, peer, expected):
        """Whether it was held up before is chance, unless that is what is expected."""
        line = peer.line()
        if line == "held" and expected != "held":
            line = peer.line()
        if not line:
            self.fail(f"it ended: {peer.communicate()[1].decode()}")
        self.assertEqual(line, expected)

    def ends(self, peer, expected=0):
        """It has nothing more to say, and nothing to complain of."""
        out, errors = peer.communicate()
        self.assertEqual((peer.process.returncode, out, errors), (expected, b"", b""))

    def stop(self, server):
        server.process.send_signal(signal.SIGINT)
        self.ends(server, expected=130)
