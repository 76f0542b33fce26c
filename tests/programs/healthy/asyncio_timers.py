"""asyncio tasks that tick, with one that waits for their queue."""

# /// diag
# verdict = "healthy"
# ///

import asyncio
import os


async def tick(queue):
    while True:
        await asyncio.sleep(0.4)
        await queue.put(1)


async def consume(queue):
    while True:
        await queue.get()


async def main():
    queue = asyncio.Queue()
    os.write(1, b"READY %d\n" % os.getpid())
    await asyncio.gather(tick(queue), consume(queue))


asyncio.run(main())
