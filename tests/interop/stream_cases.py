# SPDX-License-Identifier: Apache-2.0
"""What a stream of weft does, whatever program has the other end of it.

A test says how that program connects and listens, and what its End is. It imports this file, not
the names in it: unittest would run StreamCases, which has no other end.
"""

import functools
import queue
import threading

from interop import LARGE, WAIT_MAX, InteropTest, pattern

PIECE = 64 * 1024


class End:
    """The other end of a connection. Its methods wait; an error of one fails the test."""

    unread = b""

    def send(self, data):
        """Returns when all of it was taken, which may be long before it has arrived."""
        raise NotImplementedError

    def end(self):
        """Ends this direction; the other one goes on."""
        raise NotImplementedError

    def receive_some(self, count):
        """Returns up to `count` bytes, none at the end."""
        raise NotImplementedError

    def close(self):
        raise NotImplementedError

    def receive(self, count):
        data = self.unread or self.receive_some(count)
        self.unread = data[count:]
        return data[:count]

    def receive_exactly(self, count):
        """Returns less only at the end."""
        pieces = []
        while count > 0 and (piece := self.receive(min(count, PIECE))):
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def receive_all(self):
        return b"".join(iter(lambda: self.receive(PIECE), b""))

    def receive_line(self):
        pieces = []
        while piece := self.receive(PIECE):
            line, newline, rest = piece.partition(b"\n")
            pieces.append(line + newline)
            if newline:
                self.unread = rest + self.unread
                break
        return b"".join(pieces)

    def echo(self):
        """Sends back all that it receives. It receives on a thread: a program that copies from one
        pipe to the other would stop if nobody read the one because the other is full."""
        pieces = queue.SimpleQueue()

        def receive():
            for piece in iter(lambda: self.receive(PIECE), b""):
                pieces.put(piece)
            pieces.put(b"")

        with InBackground(receive):
            while piece := pieces.get(timeout=WAIT_MAX):
                self.send(piece)
            self.end()


class ProgramEnd(End):
    """A program that copies its stdin to a connection, and that to its stdout."""

    def __init__(self, program):
        self.program = program
        self.stdin, self.stdout = program.process.stdin, program.process.stdout

    def send(self, data):
        rest = memoryview(data)
        while rest:
            rest = rest[self.stdin.write(rest):]

    def end(self):
        self.program.close_input()

    def receive_some(self, count):
        return self.stdout.read(count)

    def close(self):
        self.program.kill()


class InBackground:
    """A call on a thread; `with` waits for it, and raises what it has raised."""

    def __init__(self, function, *arguments):
        self.error = None
        self.thread = threading.Thread(target=self.run, args=(function, *arguments))

    def run(self, function, *arguments):
        try:
            function(*arguments)
        except Exception as error:
            self.error = error

    def __enter__(self):
        self.thread.start()

    def __exit__(self, error_type, *_):
        self.thread.join()
        if self.error and not error_type:
            raise self.error


def over_tcp_and_unix(test):
    @functools.wraps(test)
    def each(self):
        for kind in ["tcp", "unix"]:
            with self.subTest(kind):
                test(self, kind)

    return each


class StreamCases(InteropTest):
    def connect_to(self, address):
        """Returns an End that is connected to weft, and is closed with the test."""
        raise NotImplementedError

    def listener(self, kind):
        """Returns what has an `address`, and an accept() that returns the End of a connection."""
        raise NotImplementedError

    # ---- weft listens

    @over_tcp_and_unix
    def test_a_client_gets_an_answer_to_each_line(self, kind):
        server = self.listen("shout", kind)
        client = self.connect_to(server.address)
        for line in [b"one\n", b"two\r\n", b"\n", b"x" * 60_000 + b"\n"]:
            client.send(line)
            self.assertEqual(client.receive_line(), line.upper())
        client.send(b"the rest")
        client.end()
        self.assertEqual(client.receive_all(), b"")
        self.says(server, "answered 4 lines; the rest was 'the rest'")

    @over_tcp_and_unix
    def test_a_client_sends_all_to_a_slow_server_which_answers_after_the_end(self, kind):
        server = self.listen("receive", kind)
        client = self.connect_to(server.address)
        client.send(pattern(LARGE))
        client.end()
        report = f"received {LARGE} bytes"
        self.assertEqual(client.receive_all().decode(), report)
        self.says(server, report)

    @over_tcp_and_unix
    def test_a_slow_client_receives_all_and_answers_after_the_end(self, kind):
        server = self.listen("send", kind, LARGE)
        client = self.connect_to(server.address)
        self.says(server, "held")
        self.assertTrue(client.receive_exactly(LARGE) == pattern(LARGE))
        client.send(b"thanks")
        client.end()
        self.assertEqual(client.receive_all(), b"")
        self.says(server, f"sent {LARGE} bytes, answered by 'thanks'")

    # Goal:   a client that only sends holds the server up in both directions, and nothing is lost.
    # Method: it begins to read when the server says that it waits in drain().
    @over_tcp_and_unix
    def test_a_client_gets_back_what_it_sends_though_it_reads_late(self, kind):
        server = self.listen("echo", kind)
        client = self.connect_to(server.address)
        with InBackground(client.send, pattern(LARGE)):
            self.says(server, "held")
            self.assertTrue(client.receive_exactly(LARGE) == pattern(LARGE))
        client.end()
        self.assertEqual(client.receive_all(), b"")
        self.says(server, f"echoed {LARGE} bytes")

    @over_tcp_and_unix
    def test_several_clients_at_once(self, kind):
        server = self.listen("shout", kind)
        clients = [self.connect_to(server.address) for _ in range(8)]
        for turn in range(3):
            for i, client in enumerate(clients):
                client.send(b"%d: turn %d\n" % (i, turn))
            for i, client in enumerate(clients):
                self.assertEqual(client.receive_line(), b"%d: TURN %d\n" % (i, turn))
        for client in clients:
            client.end()
            self.assertEqual(client.receive_all(), b"")
            self.says(server, "answered 3 lines; the rest was ''")

    # ---- weft connects

    @over_tcp_and_unix
    def test_a_server_answers_each_line(self, kind):
        listener = self.listener(kind)
        client = self.connect(listener.address, "ask", 200)
        listener.accept().echo()
        self.says(client, "200 lines came back")
        self.ends(client)

    @over_tcp_and_unix
    def test_a_slow_server_receives_all_and_answers_after_the_end(self, kind):
        listener = self.listener(kind)
        client = self.connect(listener.address, "send", LARGE)
        server = listener.accept()
        self.says(client, "held")
        self.assertTrue(server.receive_exactly(LARGE) == pattern(LARGE))
        server.send(b"thanks")
        server.end()
        self.says(client, f"sent {LARGE} bytes, answered by 'thanks'")
        self.ends(client)

    @over_tcp_and_unix
    def test_a_server_sends_all_to_a_slow_client_which_answers_after_the_end(self, kind):
        listener = self.listener(kind)
        client = self.connect(listener.address, "receive")
        server = listener.accept()
        server.send(pattern(LARGE))
        server.end()
        report = f"received {LARGE} bytes"
        self.assertEqual(server.receive_all().decode(), report)
        self.says(client, report)
        self.ends(client)

    @over_tcp_and_unix
    def test_a_server_sends_back_what_it_receives(self, kind):
        listener = self.listener(kind)
        client = self.connect(listener.address, "exchange", LARGE)
        listener.accept().echo()
        self.says(client, f"exchanged {LARGE} bytes")
        self.ends(client)
