"""A task awaits a worker of a process pool, which takes a lock twice; others await the task."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["work"]
# ///

import asyncio
import concurrent.futures
import multiprocessing
import os
import threading

lock = threading.Lock()


def work():
    with lock, lock:
        return 1


async def fetch(pool):
    return await asyncio.get_running_loop().run_in_executor(pool, work)


async def main():
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        asyncio.get_running_loop().call_later(0.5, os.write, 1, b"READY %d\n" % os.getpid())
        await asyncio.gather(fetch(pool))


asyncio.run(main())
