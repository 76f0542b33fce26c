"""A coroutine blocks its own loop: it waits for a coroutine that only this loop can run."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["handle"]
# ///

import asyncio
import os
import threading


async def query():
    return 1


async def handle():
    loop = asyncio.get_running_loop()
    return asyncio.run_coroutine_threadsafe(query(), loop).result()


threading.Timer(0.8, os.write, (1, b"READY %d\n" % os.getpid())).start()
asyncio.run(handle())
