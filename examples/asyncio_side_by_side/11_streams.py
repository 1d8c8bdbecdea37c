# SPDX-License-Identifier: Apache-2.0
"""A TCP server and two clients: open_connection(), start_server()."""

import asyncio


async def shout(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def talk(port, *words):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for word in words:
        writer.write(f"{word}\n".encode())
    await writer.drain()
    writer.write_eof()
    answers = [line.decode().rstrip() async for line in reader]
    writer.close()
    await writer.wait_closed()
    return answers


async def main():
    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for answers in await asyncio.gather(talk(port, "one", "two"), talk(port, "three")):
            print(" ".join(answers))

    try:
        await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        print("nobody listens any more")


asyncio.run(main())
