"""asyncio waits for an event that a SIGTERM handler sets: a loop with nothing else to do."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import asyncio
import os
import signal


async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    os.write(1, b"READY %d\n" % os.getpid())
    await stop.wait()


asyncio.run(main())
