"""The only coroutine of a loop computes: it keeps nobody waiting."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["event-loop-blocked"]
# ///

import asyncio
import os


async def main():
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        sum(range(1000))


asyncio.run(main())
