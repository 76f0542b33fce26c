"""A task awaits a thread that takes a lock twice."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# or_rule = "self-deadlock"
# confidence = "proven"
# functions = ["work"]
# ///

import asyncio
import os
import threading

lock = threading.Lock()


def work():
    lock.acquire()
    lock.acquire()


async def fetch():
    await asyncio.get_running_loop().run_in_executor(None, work)


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    await asyncio.gather(fetch())


asyncio.run(main())
