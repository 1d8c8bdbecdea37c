# SPDX-License-Identifier: Apache-2.0
"""weft and blocking sockets, those of Python."""

import socket
import struct

import stream_cases
from interop import LARGE, WAIT_MAX, InteropTest, main, pattern
from stream_cases import over_tcp_and_unix


class SocketEnd(stream_cases.End):
    def __init__(self, sock):
        self.socket = sock
        sock.settimeout(WAIT_MAX)

    def send(self, data):
        self.socket.sendall(data)

    def end(self):
        self.socket.shutdown(socket.SHUT_WR)

    def receive_some(self, count):
        return self.socket.recv(count)

    def close(self):
        self.socket.close()

    def abort(self):
        """Drops what is unsent and unread, and over TCP tells the peer so: RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Listener:
    def __init__(self, test, kind):
        self.test = test
        if kind == "tcp":
            self.socket = socket.create_server(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        else:
            self.address = test.new_path()
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.bind(self.address)
            self.socket.listen()
        self.socket.settimeout(WAIT_MAX)
        test.addCleanup(self.socket.close)

    def accept(self):
        end = SocketEnd(self.socket.accept()[0])
        self.test.addCleanup(end.close)
        return end


class Streams(stream_cases.StreamCases):
    def connect_to(self, address):
        if address.startswith("/"):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(address)
        else:
            host, port = address.split(":")
            sock = socket.create_connection((host, int(port)))
        end = SocketEnd(sock)
        self.addCleanup(end.close)
        return end

    def listener(self, kind):
        return Listener(self, kind)

    @over_tcp_and_unix
    def test_a_client_that_aborts_in_the_midst_does_not_disturb_the_next(self, kind):
        server = self.listen("send", kind, LARGE)
        for _ in range(3):
            client = self.connect_to(server.address)
            self.says(server, "held")
            self.assertEqual(client.receive_exactly(1000), pattern(1000))
            client.abort()
            self.says(server, "the connection was lost")
        client = self.connect_to(server.address)
        self.assertTrue(client.receive_exactly(LARGE) == pattern(LARGE))
        client.end()
        self.says(server, f"sent {LARGE} bytes, answered by ''")

    def test_a_client_that_aborts_while_weft_waits_for_more(self):
        server = self.listen("echo")
        client = self.connect_to(server.address)
        client.send(pattern(1000))
        self.assertEqual(client.receive_exactly(1000), pattern(1000))
        client.abort()
        self.says(server, "the connection was lost")

    @over_tcp_and_unix
    def test_a_server_that_aborts_in_the_midst(self, kind):
        listener = self.listener(kind)
        client = self.connect(listener.address, "send", LARGE)
        server = listener.accept()
        self.says(client, "held")
        server.abort()
        self.says(client, "the connection was lost")
        self.ends(client)

    def test_a_line_that_is_too_long_ends_only_its_connection(self):
        server = self.listen("shout")
        client = self.connect_to(server.address)
        other = self.connect_to(server.address)
        client.send(b"x" * 70_000)
        self.says(server, "answered 0 lines; the next is too long")
        other.send(b"short\n")
        self.assertEqual(other.receive_line(), b"SHORT\n")
        other.end()
        self.says(server, "answered 1 lines; the rest was ''")

    def test_a_server_is_found_by_its_name(self):
        try:
            socket.getaddrinfo("localhost", None, socket.AF_INET)
        except OSError:
            self.skipTest("this machine does not know the name localhost")
        listener = self.listener("tcp")
        client = self.connect(listener.address.replace("127.0.0.1", "localhost"), "ask", 1)
        listener.accept().echo()
        self.says(client, "1 lines came back")
        self.ends(client)


class Datagrams(InteropTest):
    def socket(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.settimeout(WAIT_MAX)
        sock.bind(("127.0.0.1", 0))
        return sock

    def test_each_client_gets_its_own_back(self):
        server = self.listen("datagrams")
        host, port = server.address.split(":")
        clients = [self.socket() for _ in range(3)]
        address = (host, int(port))
        for size in [0, 1, 1000]:
            for i, client in enumerate(clients):
                client.sendto(b"%d" % i * size, address)
            for i, client in enumerate(clients):
                self.assertEqual(client.recvfrom(65_536), (b"%d" % i * size, address))

        largest = b"x" * 65_507  # one at a time: the system drops what it has no room for
        clients[0].sendto(largest, address)
        self.assertEqual(clients[0].recvfrom(65_536), (largest, address))

    def test_a_server_sends_them_back(self):
        server = self.socket()
        client = self.connect("127.0.0.1:%d" % server.getsockname()[1], "datagrams", 65_507)
        for size in [1, 10, 100, 1000, 10_000, 65_507]:
            data, sender = server.recvfrom(65_536)
            self.assertEqual(len(data), size)
            server.sendto(data, sender)
        self.says(client, "datagrams up to 65507 bytes came back")
        self.ends(client)


if __name__ == "__main__":
    main()
