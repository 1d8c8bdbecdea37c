# SPDX-License-Identifier: Apache-2.0
"""weft's WebSocket and servers that others wrote: those of the Python packages websockets and aiohttp."""

import asyncio
import ssl
import sys
import threading
from pathlib import Path

import certificates
from interop import WAIT_MAX, InteropTest, main

try:
    import aiohttp
    import websockets
    from aiohttp import web
except ImportError as error:
    main(f"websockets or aiohttp is not installed ({error})")

TALKER = Path(sys.argv[1]).parent / "ws_talker"
MESSAGE_MAX = 64 << 20  # bytes


def messages():
    """Texts and bytes of each kind of length, some in fragments, which are a list."""
    for size in [0, 1, 125, 126, 65535, 65536, 1 << 20, 4 << 20]:
        yield "€" * (size // 3)
        yield bytes(i % 251 for i in range(251)) * (size // 251)
    yield ["frag", "", "ments"]
    yield [b"x" * 100_000 for _ in range(20)]
    yield "line\n" * 100_000


class Server:
    """A loop on a thread of its own; `heard` is what the client's close was."""

    def __init__(self, test):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.heard = None
        self.failed = None
        self.ended = threading.Event()
        test.addCleanup(self.stop)

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(WAIT_MAX)

    def stop(self):
        self.run(self.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class WebsocketsServer(Server):
    def start(self, compression=None, tls=None):
        async def start():
            return await websockets.serve(
                self.handle, "127.0.0.1", 0, ssl=tls, compression=compression, max_size=MESSAGE_MAX,
                subprotocols=["v2", "v1"])

        self.server = self.run(start())
        return self.server.sockets[0].getsockname()[1]

    async def handle(self, connection):
        request = getattr(connection, "request", connection)  # of websockets 13 on
        try:
            if request.path == "/echo":
                async for message in connection:
                    await connection.send(message)
                self.heard = connection.close_code, connection.close_reason
                return
            for message in messages():
                await connection.send(message)
                await (await connection.ping())
                whole = type(message[0])().join(message) if isinstance(message, list) else message
                assert await connection.recv() == whole, "another message came back"
            await connection.close(1001, "bye")
        except Exception as error:
            self.failed = error
            raise
        finally:
            self.ended.set()

    async def close(self):
        self.server.close()
        await self.server.wait_closed()


class AiohttpServer(Server):
    def start(self, compression=None, tls=None):
        async def start():
            app = web.Application()
            app.add_routes([web.get("/echo", self.handle), web.get("/say", self.handle)])
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
            await site.start()
            self.compress = compression is not None
            return runner

        self.runner = self.run(start())
        return self.runner.addresses[0][1]

    async def handle(self, request):
        socket = web.WebSocketResponse(
            compress=self.compress, max_msg_size=MESSAGE_MAX, protocols=["v2", "v1"])
        await socket.prepare(request)
        try:
            if request.path == "/echo":
                async for message in socket:
                    send = socket.send_str if message.type is aiohttp.WSMsgType.TEXT else socket.send_bytes
                    await send(message.data)
                self.heard = socket.close_code, None
                return socket
            for message in messages():
                if isinstance(message, list):
                    continue  # it sends each message in one frame
                await (socket.send_str if isinstance(message, str) else socket.send_bytes)(message)
                await socket.ping()
                assert (await socket.receive()).data == message, "another message came back"
            await socket.close(code=1001, message=b"bye")
        except Exception as error:
            self.failed = error
            raise
        finally:
            self.ended.set()
        return socket

    async def close(self):
        await self.runner.cleanup()


class Cases:
    """What each server must be able to do with weft."""

    def talk(self, server, *arguments):
        program = self.start(TALKER, *arguments)
        out, errors = program.communicate()
        self.assertEqual((program.process.returncode, errors), (0, b""), out)
        if b"messages=" in out:
            self.assertTrue(server.ended.wait(WAIT_MAX))
            self.assertIsNone(server.failed)
        return out.decode().strip()

    def test_what_is_sent_comes_back(self):
        for bits in [0, 15, 9]:
            with self.subTest(bits):
                server = self.server(self)
                port = server.start(compression="deflate")
                line = self.talk(server, "--compress", bits, "ask", f"ws://127.0.0.1:{port}/echo")
                self.assertEqual(line, f"messages=18 protocol= compress={self.agreed(bits)} closed=1000")
                self.assertIn(server.heard, [(1000, "enough €"), (1000, None)])

    def test_what_comes_is_sent_back(self):
        for bits in [0, 15]:
            with self.subTest(bits):
                server = self.server(self)
                port = server.start(compression="deflate")
                line = self.talk(server, "--compress", bits, "echo", f"ws://127.0.0.1:{port}/say")
                self.assertEqual(line, f"messages={self.said} protocol= compress={self.agreed(bits)} closed=1001 bye")

    def test_compression_that_the_server_does_not_want(self):
        server = self.server(self)
        line = self.talk(server, "--compress", 15, "ask", f"ws://127.0.0.1:{server.start()}/echo")
        self.assertEqual(line, "messages=18 protocol= compress=0 closed=1000")

    def agreed(self, bits):
        """The window with which the client compresses when it has asked for this one."""
        return min(bits, self.bits_max)

    def test_protocols(self):
        server = self.server(self)
        url = f"ws://127.0.0.1:{server.start()}/echo"
        line = self.talk(server, "--protocol", "v1", "--protocol", "v0", "ask", url)
        self.assertEqual(line, "messages=18 protocol=v1 compress=0 closed=1000")

    def test_tls(self):
        if certificates.missing():
            self.skipTest(certificates.missing())
        certificates.make(self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        server = self.server(self)
        port = server.start(tls=context)
        line = self.talk(server, "--cafile", self.folder / "authority.pem", "ask", f"wss://localhost:{port}/echo")
        self.assertEqual(line, "messages=18 protocol= compress=0 closed=1000")


class Websockets(Cases, InteropTest):
    server = WebsocketsServer
    said = 19
    bits_max = 12


class Aiohttp(Cases, InteropTest):
    server = AiohttpServer
    said = 17
    bits_max = 15

    def test_a_place_where_there_is_none(self):
        server = self.server(self)
        line = self.talk(server, "echo", f"ws://127.0.0.1:{server.start()}/none")
        self.assertRegex(line, "^http::WSServerHandshakeError: 404, ")


if __name__ == "__main__":
    main()
