"""A handler asks its own service over HTTP, synchronously: it waits for itself.

The connection is accepted by the kernel, and would be served by the very loop that
the call blocks.
"""

import asyncio
import os
import signal
import threading
import urllib.request

LIFE_S = 120  # a hung copy of this script ends by itself


def fetch_price(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/price") as answer:
        return answer.read()


async def serve(reader, writer):
    await reader.readline()
    writer.write(b"HTTP/1.0 200 OK\r\n\r\n42")
    await writer.drain()
    writer.close()


async def handle_order(port):
    await asyncio.sleep(0.1)
    return fetch_price(port)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        await handle_order(server.sockets[0].getsockname()[1])


if __name__ == "__main__":
    signal.alarm(LIFE_S)
    threading.Timer(1.0, print, ("READY", os.getpid()), {"flush": True}).start()
    asyncio.run(main())
