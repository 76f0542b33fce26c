"""Consumers of a queue wait for items that a timer brings now and then."""

# /// diag
# verdict = "healthy"
# twin_of = ["unresolved-awaitable"]
# ///

import asyncio
import os


async def consume(queue):
    while True:
        await queue.get()


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    queue = asyncio.Queue()
    consumers = [asyncio.create_task(consume(queue)) for _ in range(3)]
    lock = asyncio.Lock()
    async with lock:
        while True:
            await asyncio.sleep(5)
            queue.put_nowait(len(consumers))


asyncio.run(main())
