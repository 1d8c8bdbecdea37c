# SPDX-License-Identifier: Apache-2.0
"""weft under TLS with Python's ssl and asyncio, the openssl command, and curl."""

import asyncio
import os
import select
import socket
import ssl
import threading
import time
from pathlib import Path

import certificates
import stream_cases
from interop import LARGE, WAIT_MAX, InteropTest, main, pattern
from stream_cases import InBackground


class TLSTest(InteropTest):
    def setUp(self):
        super().setUp()
        certificates.make(self.folder)
        os.environ["CERTIFICATES"] = str(self.folder)
        self.authority = self.folder / "authority.pem"

    def listen_tls(self, talk, count=0):
        return self.listen(talk, "tls", count)

    def server_context(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        return context

    def client_context(self):
        return ssl.create_default_context(cafile=self.authority)


class SocketEnd(stream_cases.End):
    """Two threads may use it. OpenSSL lets only one at a time use a connection, so that none waits within it."""

    def __init__(self, sock):
        self.sock = sock
        self.lock = threading.Lock()
        sock.setblocking(False)

    def call(self, function, *arguments):
        while True:
            try:
                with self.lock:
                    return function(*arguments)
            except ssl.SSLWantReadError:
                select.select([self.sock], [], [], WAIT_MAX)
            except ssl.SSLWantWriteError:
                select.select([], [self.sock], [], WAIT_MAX)

    def send(self, data):
        rest = memoryview(data)
        while rest:
            rest = rest[self.call(self.sock.send, rest):]

    def receive_some(self, count):
        return self.call(self.sock.recv, count)

    def end(self):
        self.call(self.sock.unwrap)

    def close(self):
        self.sock.close()


class PythonClient(TLSTest):
    def connect_to(self, server, context=None):
        host, port = server.address.split(":")
        plain = socket.create_connection((host, int(port)), timeout=WAIT_MAX)
        context = context or self.client_context()
        end = SocketEnd(context.wrap_socket(plain, server_hostname="localhost",
                                            suppress_ragged_eofs=False))
        self.addCleanup(end.close)
        return end

    def test_lines_under_either_version_of_tls(self):
        for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
            server = self.listen_tls("shout")
            context = self.client_context()
            context.minimum_version = context.maximum_version = version
            context.set_alpn_protocols(["h2", "http/1.1"])
            client = self.connect_to(server, context)
            self.assertEqual(client.sock.selected_alpn_protocol(), "http/1.1")
            for line in [b"one\n", b"two\r\n", b"x" * 60_000 + b"\n"]:
                client.send(line)
                self.assertEqual(client.receive_line(), line.upper())
            client.send(b"the rest")
            client.end()  # waits for weft's close_notify
            self.says(server, "answered 3 lines; the rest was 'the rest'")

    def test_a_slow_client_receives_all(self):
        server = self.listen_tls("http")
        client = self.connect_to(server)
        client.send(b"GET /%d HTTP/1.0\r\n\r\n" % LARGE)
        self.says(server, "held")
        self.assertTrue(client.receive_all().endswith(pattern(LARGE)))
        self.says(server, f"gave {LARGE} bytes")

    def test_a_client_gets_back_what_it_sends_though_it_reads_late(self):
        server = self.listen_tls("echo")
        client = self.connect_to(server)
        with InBackground(client.send, pattern(LARGE)):
            self.says(server, "held")
            self.assertTrue(client.receive_exactly(LARGE) == pattern(LARGE))
        client.end()
        self.says(server, f"echoed {LARGE} bytes")

    def test_a_client_that_leaves_without_a_word(self):
        server = self.listen_tls("shout")
        client = self.connect_to(server)
        client.send(b"line\n")
        self.assertEqual(client.receive_line(), b"LINE\n")
        socket.socket(fileno=client.sock.detach()).close()
        self.assertIn("ssl::SSLEOFError: [SSL: UNEXPECTED_EOF_WHILE_READING]", server.line())

    def test_a_client_that_does_not_trust_the_server(self):
        server = self.listen_tls("shout")
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, "local issuer"):
            self.connect_to(server, ssl.create_default_context(cadata=self.another_authority()))
        client = self.connect_to(server)  # the server goes on
        client.send(b"line\n")
        self.assertEqual(client.receive_line(), b"LINE\n")
        client.end()
        self.says(server, "answered 1 lines; the rest was ''")

    def another_authority(self):
        folder = self.folder / "another"
        folder.mkdir()
        certificates.make(folder)
        return (folder / "authority.pem").read_text()

    def test_a_session_is_resumed(self):
        server = self.listen_tls("shout")
        context = self.client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # Python knows of a session at once
        session = None
        for _ in range(2):
            host, port = server.address.split(":")
            plain = socket.create_connection((host, int(port)), timeout=WAIT_MAX)
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as sock:
                self.assertEqual(sock.session_reused, session is not None)
                session = sock.session
                sock.unwrap()
            self.says(server, "answered 0 lines; the rest was ''")


class PythonServer(TLSTest):
    def accept(self, talk, count=0, context=None):
        """Starts weft's client, and returns it and the End of its connection."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        listener.settimeout(WAIT_MAX)
        client = self.connect("tls:127.0.0.1:%d" % listener.getsockname()[1], talk, count)
        sock, _ = listener.accept()
        sock.settimeout(WAIT_MAX)
        context = context or self.server_context()
        end = SocketEnd(context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False))
        self.addCleanup(end.close)
        return client, end

    def test_lines_under_either_version_of_tls(self):
        for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
            context = self.server_context()
            context.minimum_version = context.maximum_version = version
            client, server = self.accept("ask", 200, context)
            for _ in range(200):
                server.send(server.receive_line())
            self.assertEqual(server.receive_some(1), b"")  # weft's close_notify
            server.end()
            self.says(client, "200 lines came back")
            self.ends(client)

    def test_both_directions_at_once(self):
        client, server = self.accept("exchange", LARGE)
        received = 0
        while received < LARGE:
            piece = server.receive_some(64 * 1024)
            received += len(piece)
            server.send(piece)
        server.end()
        self.says(client, f"exchanged {LARGE} bytes")
        self.ends(client)

    def test_a_server_that_leaves_without_a_word(self):
        client, server = self.accept("ask", 1)
        self.assertEqual(server.receive_line(), b"0\n")
        server.send(b"half an answer")
        socket.socket(fileno=server.sock.detach()).close()
        self.assertIn("ssl::SSLEOFError: [SSL: UNEXPECTED_EOF_WHILE_READING]", client.line())
        self.ends(client)


class Asyncio(TLSTest):
    def test_an_upgrade_of_a_client(self):
        server = self.listen("shout-protected")

        async def talk():
            host, port = server.address.split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"STARTTLS\n")
            self.assertEqual(await reader.readline(), b"go ahead\n")
            await writer.start_tls(self.client_context(), server_hostname="localhost")
            for line in [b"one\n", b"x" * 60_000 + b"\n"]:
                writer.write(line)
                self.assertEqual(await reader.readline(), line.upper())
            writer.close()
            await writer.wait_closed()

        asyncio.run(asyncio.wait_for(talk(), WAIT_MAX))
        self.says(server, "answered 2 lines; the rest was ''")

    def test_an_upgrade_of_a_server(self):
        ports = []
        ready = threading.Event()

        async def serve():
            done = asyncio.Event()

            async def connected(reader, writer):
                self.assertEqual(await reader.readline(), b"STARTTLS\n")
                writer.write(b"go ahead\n")
                await writer.start_tls(self.server_context())
                while line := await reader.readline():
                    writer.write(line)
                    await writer.drain()
                writer.close()
                await writer.wait_closed()
                done.set()

            server = await asyncio.start_server(connected, "127.0.0.1", 0)
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await asyncio.wait_for(done.wait(), WAIT_MAX)
            server.close()

        with InBackground(lambda: asyncio.run(serve())):
            self.assertTrue(ready.wait(WAIT_MAX))
            client = self.connect("127.0.0.1:%d" % ports[0], "ask-protected", 100)
            self.says(client, "100 lines came back")
            self.ends(client)


class OpenSSL(TLSTest):
    def test_s_client(self):
        for version in ["-tls1_2", "-tls1_3"]:
            server = self.listen_tls("shout")
            client = stream_cases.ProgramEnd(self.start(
                "openssl", "s_client", "-connect", server.address, "-servername", "localhost",
                "-CAfile", self.authority, "-verify_return_error", "-verify_hostname", "localhost",
                "-quiet", "-no_ign_eof", version))
            for line in [b"one\n", b"two\n", b"x" * 1000 + b"\n"]:
                client.send(line)
                self.assertEqual(client.receive_line(), line.upper())
            client.end()
            self.says(server, "answered 3 lines; the rest was ''")

    def test_s_server(self):
        port = self.reserved_port()
        server = self.start(
            "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-naccept", 1,
            "-cert", self.folder / "server.pem", "-key", self.folder / "server.key")
        self.wait_for_listener(port)  # it does not say when it is ready
        client = self.connect(f"tls:127.0.0.1:{port}", "ask", 50)
        end = stream_cases.ProgramEnd(server)
        for _ in range(50):
            end.send(end.receive_line())
        self.says(client, "50 lines came back")
        self.ends(client)

    def wait_for_listener(self, port):
        deadline = time.monotonic() + WAIT_MAX
        while f":{port:04X} 00000000:0000 0A" not in Path("/proc/net/tcp").read_text():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)


class Curl(TLSTest):
    def curl(self, server, path, *arguments):
        return self.start("curl", "-q", "-sS", "-N", "--noproxy", "*", "--cacert", self.authority,
                          f"https://{server.address.replace('127.0.0.1', 'localhost')}/{path}", "-4",
                          *arguments)

    def test_a_slow_download(self):
        server = self.listen_tls("http")
        client = self.curl(server, LARGE)
        self.says(server, "held")
        body, errors = client.communicate()
        self.assertEqual((client.process.returncode, errors), (0, b""))
        self.assertTrue(body == pattern(LARGE))
        self.says(server, f"gave {LARGE} bytes")

    def test_an_upload(self):
        server = self.listen_tls("http")
        client = self.curl(server, "", "--data-binary", "@-", "-H", "Expect:")
        body, errors = client.communicate(pattern(LARGE))
        self.assertEqual((client.process.returncode, errors), (0, b""))
        self.assertEqual(body.decode(), f"got {LARGE} bytes")
        self.says(server, f"got {LARGE} bytes")


if __name__ == "__main__":
    main(certificates.missing())
