"""asyncio awaits a future that nobody resolves."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["fetch"]
# ///

import asyncio
import os


async def fetch():
    await asyncio.get_running_loop().create_future()


async def main():
    loop = asyncio.get_running_loop()
    loop.call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    await fetch()


asyncio.run(main())
