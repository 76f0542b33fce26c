"""A thread of the pool waits for a coroutine that waits for a lock held by who awaits that thread."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["refresh", "fetch"]
# ///

import asyncio
import os


async def fetch(lock):
    async with lock:
        return 1


def work(loop, lock):
    return asyncio.run_coroutine_threadsafe(fetch(lock), loop).result()


async def refresh(lock):
    async with lock:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, work, loop, lock)


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    await refresh(asyncio.Lock())


asyncio.run(main())
