"""A slow call in a thread of the loop; the loop goes round."""

# /// diag
# verdict = "healthy"
# twin_of = ["event-loop-blocked"]
# ///

import asyncio
import os
import time


async def heartbeat():
    while True:
        await asyncio.sleep(0.2)


async def main():
    loop = asyncio.get_running_loop()
    loop.call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    await asyncio.gather(heartbeat(), loop.run_in_executor(None, time.sleep, 600))


asyncio.run(main())
