"""An event loop with more to do than it can, in short callbacks."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["event-loop-blocked"]
# ///

import asyncio
import os


async def heartbeat():
    while True:
        await asyncio.sleep(0.2)


async def work():
    while True:
        sum(range(1000))
        await asyncio.sleep(0)


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    await asyncio.gather(heartbeat(), *(work() for _ in range(20)))


asyncio.run(main())
