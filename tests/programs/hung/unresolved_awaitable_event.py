"""A handler that failed early never sets the Event that two others wait for."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["report"]
# ///

import asyncio
import os


async def load(done):
    try:
        raise ValueError("no data")
    except ValueError:
        return
    done.set()


async def report(done):
    await done.wait()


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    done = asyncio.Event()
    await asyncio.gather(load(done), report(done))


asyncio.run(main())
