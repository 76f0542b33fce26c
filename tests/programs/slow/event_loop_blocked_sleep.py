"""A coroutine sleeps with time.sleep; the others wait."""

# /// diag
# verdict = "degraded"
# still = true
# [[finding]]
# rule = "event-loop-blocked"
# confidence = "likely"
# functions = ["fetch"]
# ///

import asyncio
import os
import time


async def heartbeat():
    while True:
        await asyncio.sleep(0.2)


def fetch():
    os.write(1, b"READY %d\n" % os.getpid())
    time.sleep(600)


async def main():
    task = asyncio.create_task(heartbeat())
    await asyncio.sleep(0.3)
    fetch()
    await task


asyncio.run(main())
