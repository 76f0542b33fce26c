"""A coroutine computes for minutes; timers are overdue."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "event-loop-blocked"
# confidence = "likely"
# functions = ["compute", "step"]
# ///

import asyncio
import os


async def heartbeat():
    while True:
        await asyncio.sleep(0.2)


def step(number):
    return number * 1103515245 + 12345 & 0x7FFFFFFF


def compute():
    os.write(1, b"READY %d\n" % os.getpid())
    number = 1
    while True:
        number = step(number)


async def main():
    task = asyncio.create_task(heartbeat())
    await asyncio.sleep(0.3)
    compute()
    await task


asyncio.run(main())
