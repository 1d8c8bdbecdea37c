# SPDX-License-Identifier: Apache-2.0
"""weft and OpenBSD's nc."""

import subprocess

import stream_cases
from interop import LARGE, InteropTest, main, missing, pattern
from stream_cases import over_tcp_and_unix


def nc(test, *arguments):
    # -N: the end of its stdin is the end of that direction.
    return test.start("nc", "-n", "-N", *arguments)


def listening(test, *arguments):
    """Starts it, and returns it with the address where it says that it listens."""
    program = nc(test, "-v", "-l", *arguments)
    line = program.error_line()
    while line and not line.startswith("Listening on "):
        line = program.error_line()
    return program, ":".join(line.split()[2:])


class Listener:
    def __init__(self, test, kind):
        where = ["127.0.0.1", 0] if kind == "tcp" else ["-U", test.new_path()]
        self.program, self.address = listening(test, *where)

    def accept(self):
        return stream_cases.ProgramEnd(self.program)


class Streams(stream_cases.StreamCases):
    def connect_to(self, address):
        where = ["-U", address] if address.startswith("/") else address.split(":")
        return stream_cases.ProgramEnd(nc(self, *where))

    def listener(self, kind):
        return Listener(self, kind)

    # nc -l leaves when weft has ended its direction, whatever there still is on its stdin.
    test_a_server_sends_back_what_it_receives = None

    @over_tcp_and_unix
    def test_a_slow_server_receives_all_and_answers_after_the_end(self, kind):
        listener = self.listener(kind)
        client = self.connect(listener.address, "send", LARGE)
        server = listener.accept()
        self.says(client, "held")
        self.assertTrue(server.receive_all() == pattern(LARGE))
        self.says(client, f"sent {LARGE} bytes, answered by ''")
        self.ends(client)


class Datagrams(InteropTest):
    def test_a_client_gets_them_back(self):
        server = self.listen("datagrams")
        client = stream_cases.ProgramEnd(nc(self, "-u", *server.address.split(":")))
        for size in [1, 10, 1000]:
            client.send(b"x" * size)
            self.assertEqual(client.receive_exactly(size), b"x" * size)


def another_nc():
    usage = subprocess.run(["nc", "-h"], capture_output=True, text=True, check=False)
    return None if "OpenBSD netcat" in usage.stdout + usage.stderr else "nc is not OpenBSD's"


if __name__ == "__main__":
    main(missing("nc") or another_nc())
