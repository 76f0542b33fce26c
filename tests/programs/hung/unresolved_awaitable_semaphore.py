"""Every task that holds the Semaphore starts another that needs it."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["crawl"]
# ///

import asyncio
import os


async def crawl(semaphore, depth):
    async with semaphore:
        if depth:
            await asyncio.gather(*(crawl(semaphore, depth - 1) for _ in range(2)))


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    await crawl(asyncio.Semaphore(2), 3)


asyncio.run(main())
