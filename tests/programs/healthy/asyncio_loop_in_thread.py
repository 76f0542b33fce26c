"""The main thread sleeps; the loop of another thread has a task that it will serve later."""

# /// diag
# verdict = "healthy"
# twin_of = ["unresolved-awaitable"]
# ///

import asyncio
import os
import threading
import time


async def serve(queue):
    while True:
        await queue.get()


async def announce():
    queue = asyncio.Queue()
    loop.create_task(serve(queue))
    await asyncio.sleep(0.1)
    os.write(1, b"READY %d\n" % os.getpid())


loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
asyncio.run_coroutine_threadsafe(announce(), loop)
time.sleep(600)
