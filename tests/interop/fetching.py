# SPDX-License-Identifier: Apache-2.0
"""Tests that fetch with weft's client (fetcher.cpp)."""

import random
import socket
import sys
import time
import zlib
from pathlib import Path

from interop import WAIT_MAX, InteropTest

FETCHER = Path(sys.argv[1]).parent / "fetcher"
SIZE = 4 << 20  # bytes: far more than the limit of a StreamReader
NOISE = random.Random(7).randbytes(SIZE)  # no bomb when it is compressed


def wait_for_port(port):
    end = time.monotonic() + WAIT_MAX
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except ConnectionRefusedError:
            time.sleep(0.01)
    return False


class ClientTest(InteropTest):
    def fetch(self, *arguments):
        """Returns a line for each URL."""
        program = self.start(FETCHER, *arguments)
        out, errors = program.communicate()
        self.assertEqual((program.process.returncode, errors), (0, b""), out)
        return out.decode().splitlines()

    def got(self, status, body, url):
        return f"{status} {len(body)} {zlib.crc32(body)} {url}"
