"""An idle asyncio server with an idle thread pool and forkserver pool behind."""

# /// diag
# verdict = "healthy"
# ///

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor


async def answer(reader, writer):
    writer.write(await reader.readline())
    writer.close()


async def main():
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("forkserver"))
    await loop.run_in_executor(pool, abs, -1)
    await loop.run_in_executor(None, abs, -1)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    os.write(1, b"READY %d\n" % os.getpid())
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
