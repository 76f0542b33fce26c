"""A task ignores that it is cancelled and awaits on; asyncio.run() waits for its end."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["stubborn"]
# ///

import asyncio
import os


async def stubborn(event):
    while True:
        try:
            await event.wait()
        except asyncio.CancelledError:
            print("READY", os.getpid(), flush=True)


async def main():
    task = asyncio.create_task(stubborn(asyncio.Event()))
    await asyncio.sleep(0.05)
    return task


asyncio.run(main())
