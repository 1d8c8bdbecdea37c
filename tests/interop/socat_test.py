# SPDX-License-Identifier: Apache-2.0
"""weft and socat."""

import stream_cases
from interop import WAIT_MAX, InteropTest, main, missing

# Its stdin and stdout, of which it closes stdout when weft has ended its direction.
PIPES = "-,shut-close"


def socat(test, *arguments):
    # -t: how long it waits for one direction when the other one has ended.
    return test.start("socat", "-t", WAIT_MAX, *arguments)


def listening(test, *arguments):
    """Starts it, and returns it with the address where it says that it listens."""
    program = socat(test, "-d", "-d", *arguments)  # it tells with the second -d
    line = program.error_line()
    while line and " listening on " not in line:
        line = program.error_line()
    return program, line.rpartition(" ")[2].strip('"')


class Listener:
    def __init__(self, test, kind):
        where = "TCP-LISTEN:0,bind=127.0.0.1"
        if kind == "unix":
            where = f"UNIX-LISTEN:{test.new_path()}"
        self.program, self.address = listening(test, PIPES, where)

    def accept(self):
        return stream_cases.ProgramEnd(self.program)


class Streams(stream_cases.StreamCases):
    def connect_to(self, address, *options):
        where = "UNIX-CONNECT:" if address.startswith("/") else "TCP:"
        return stream_cases.ProgramEnd(socat(self, *options, PIPES, where + address))

    def listener(self, kind):
        return Listener(self, kind)

    def test_lines_that_come_byte_by_byte(self):
        server = self.listen("shout")
        client = self.connect_to(server.address, "-b", 1)
        for line in [b"one\r\n", b"x" * 2000 + b"\n"]:
            client.send(line)
            self.assertEqual(client.receive_line(), line.upper())
        client.end()
        self.says(server, "answered 2 lines; the rest was ''")


class Datagrams(InteropTest):
    def test_a_client_gets_them_back(self):
        server = self.listen("datagrams")
        client = stream_cases.ProgramEnd(socat(self, PIPES, f"UDP:{server.address}"))
        for size in [1, 10, 4000]:  # of those that a pipe carries whole
            client.send(b"x" * size)
            self.assertEqual(client.receive_exactly(size), b"x" * size)

    def test_a_server_sends_them_back(self):
        _, address = listening(self, "UDP-LISTEN:0,bind=127.0.0.1", "PIPE")
        client = self.connect(address, "datagrams", 4000)
        self.says(client, "datagrams up to 4000 bytes came back")
        self.ends(client)


if __name__ == "__main__":
    main(missing("socat"))
