# SPDX-License-Identifier: Apache-2.0
"""The echo server of the I/O benchmarks in Python; see bench/README.md for the contract.

usage: asyncio_echo.py [--uvloop] [--protocol] [--tls CERTIFICATE KEY] PORT
"""

import asyncio
import ssl
import sys

SLOW = ord("S")
SLOW_S = 0.010


async def echo(reader, writer):
    while data := await reader.read(64 * 1024):
        if data[0] == SLOW:
            await asyncio.sleep(SLOW_S)
        writer.write(data)
        await writer.drain()
    writer.close()


class EchoProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if data[0] == SLOW:
            asyncio.get_running_loop().call_later(SLOW_S, self.transport.write, data)
        else:
            self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def serve_streams(port, context):
    server = await asyncio.start_server(echo, "127.0.0.1", port, backlog=1024, ssl=context)
    await server.serve_forever()


async def serve_protocol(port, context):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(EchoProtocol, "127.0.0.1", port, backlog=1024, ssl=context)
    await server.serve_forever()


def make_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def main():
    *options, port = sys.argv[1:]
    context = make_context(*options[-2:]) if "--tls" in options else None
    serve = serve_protocol if "--protocol" in options else serve_streams
    if "--uvloop" in options:
        import uvloop

        uvloop.run(serve(int(port), context))
    else:
        asyncio.run(serve(int(port), context))


main()
