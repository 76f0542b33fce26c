"""An idle asyncio server."""

# /// diag
# verdict = "healthy"
# ///

import asyncio
import os


async def answer(reader, writer):
    writer.write(await reader.readline())
    writer.close()


async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    os.write(1, b"READY %d\n" % os.getpid())
    async with server:
        await server.serve_forever()


asyncio.run(main())
