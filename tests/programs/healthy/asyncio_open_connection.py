"""A client awaits the answer of a server in another process."""

# /// diag
# verdict = "healthy"
# twin_of = ["unresolved-awaitable"]
# ///

import asyncio
import os
import socket


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    server, client = socket.socketpair()
    if os.fork() == 0:
        client.close()
        while server.recv(1):  # a slow server: it sleeps in a call of its own
            pass
        os._exit(0)
    server.close()
    reader, writer = await asyncio.open_connection(sock=client)
    writer.write(b"x")
    await asyncio.wait_for(reader.read(), 600)


asyncio.run(main())
