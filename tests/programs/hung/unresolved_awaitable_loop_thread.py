"""The main thread waits for a coroutine of a loop in another thread; it awaits a Future for ever."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["fetch"]
# ///

import asyncio
import os
import threading


async def fetch():
    await asyncio.get_running_loop().create_future()


async def announce():
    await asyncio.sleep(0.3)
    os.write(1, b"READY %d\n" % os.getpid())


loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
asyncio.run_coroutine_threadsafe(announce(), loop)
asyncio.run_coroutine_threadsafe(fetch(), loop).result()
