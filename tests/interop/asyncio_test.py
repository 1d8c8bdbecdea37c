# SPDX-License-Identifier: Apache-2.0
"""weft and asyncio, that of Python: its streams and its datagram protocols."""

import asyncio
import queue
import threading

import stream_cases
from interop import WAIT_MAX, InteropTest, main


class Loop:
    """A loop on a thread of its own, since the tests wait without one."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(WAIT_MAX)

    def close(self):
        self.run(asyncio.sleep(0))  # what was closed is gone a turn later
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class StreamEnd(stream_cases.End):
    def __init__(self, loop, reader, writer):
        self.loop, self.reader, self.writer = loop, reader, writer

    def send(self, data):
        async def write():
            self.writer.write(data)
            await self.writer.drain()

        self.loop.run(write())

    def end(self):
        async def write_eof():
            self.writer.write_eof()

        self.loop.run(write_eof())

    def receive_some(self, count):
        return self.loop.run(self.reader.read(count))

    def close(self):
        async def close():
            self.writer.close()
            await self.writer.wait_closed()

        self.loop.run(close())


class Listener:
    def __init__(self, test, kind):
        self.test = test
        self.accepted = queue.Queue()
        self.loop = test.loop
        self.server = self.loop.run(self.start(kind))
        if kind == "tcp":
            self.address = "127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        test.addCleanup(lambda: self.loop.run(self.close()))

    async def start(self, kind):
        if kind == "tcp":
            return await asyncio.start_server(self.connected, "127.0.0.1", 0)
        self.address = self.test.new_path()
        return await asyncio.start_unix_server(self.connected, self.address)

    async def connected(self, reader, writer):
        self.accepted.put(StreamEnd(self.loop, reader, writer))

    def accept(self):
        end = self.accepted.get(timeout=WAIT_MAX)
        self.test.addCleanup(end.close)
        return end

    async def close(self):
        self.server.close()


class Streams(stream_cases.StreamCases):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.close)

    def connect_to(self, address):
        if address.startswith("/"):
            connecting = asyncio.open_unix_connection(address)
        else:
            connecting = asyncio.open_connection(*address.split(":"))
        end = StreamEnd(self.loop, *self.loop.run(connecting))
        self.addCleanup(end.close)
        return end

    def listener(self, kind):
        return Listener(self, kind)


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Collect(asyncio.DatagramProtocol):
    def __init__(self):
        self.received = asyncio.Queue()

    def datagram_received(self, data, _):
        self.received.put_nowait(data)


class Datagrams(InteropTest):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.close)

    def test_a_client_gets_them_back(self):
        server = self.listen("datagrams")
        host, port = server.address.split(":")

        async def exchange(datagrams):
            transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
                Collect, remote_addr=(host, int(port))
            )
            for data in datagrams:
                transport.sendto(data)
            received = [await protocol.received.get() for _ in datagrams]
            transport.close()
            return received

        datagrams = [b"x" * size for size in [1, 100, 9000]]
        self.assertEqual(self.loop.run(exchange(datagrams)), datagrams)

    def test_a_server_sends_them_back(self):
        async def serve():
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                Echo, local_addr=("127.0.0.1", 0)
            )
            return transport

        transport = self.loop.run(serve())
        self.addCleanup(self.loop.loop.call_soon_threadsafe, transport.close)
        port = transport.get_extra_info("sockname")[1]
        client = self.connect(f"127.0.0.1:{port}", "datagrams", 65_507)
        self.says(client, "datagrams up to 65507 bytes came back")
        self.ends(client)


if __name__ == "__main__":
    main()
