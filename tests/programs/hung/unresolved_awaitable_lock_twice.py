"""A coroutine calls another that takes the asyncio Lock which it holds."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["update"]
# ///

import asyncio
import os


async def update(lock):
    async with lock:
        pass


async def refresh(lock):
    async with lock:
        await update(lock)


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    await refresh(asyncio.Lock())


asyncio.run(main())
