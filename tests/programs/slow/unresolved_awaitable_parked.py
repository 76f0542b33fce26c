"""The only task waits for an Event: a hang, or meant to wait for Ctrl-C."""

# /// diag
# verdict = "degraded"
# still = true
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "possible"
# functions = ["main"]
# ///

import asyncio
import os


async def main():
    loop = asyncio.get_running_loop()
    loop.call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    await asyncio.Event().wait()


asyncio.run(main())
