"""A task awaits a slow call in a thread; others await the task."""

# /// diag
# verdict = "healthy"
# twin_of = ["unresolved-awaitable"]
# ///

import asyncio
import os
import time


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    loop = asyncio.get_running_loop()
    slow = loop.run_in_executor(None, time.sleep, 600)
    await asyncio.gather(slow, asyncio.shield(slow))


asyncio.run(main())
