"""A task awaits a timer inside of `with` on a lock of threading; a thread of a pool waits for it."""

# /// diag
# verdict = "healthy"
# twin_of = ["self-deadlock"]
# ///

import asyncio
import os
import threading

lock = threading.Lock()


async def refresh():
    with lock:
        await asyncio.sleep(3600)


def report():
    with lock:
        pass


async def main():
    refreshing = asyncio.ensure_future(refresh())
    await asyncio.sleep(0.1)
    reporting = asyncio.get_running_loop().run_in_executor(None, report)
    await asyncio.sleep(0.3)
    os.write(1, b"READY %d\n" % os.getpid())
    await asyncio.gather(refreshing, reporting)


asyncio.run(main())
