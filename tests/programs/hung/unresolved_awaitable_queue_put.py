"""A bounded asyncio Queue is full and its consumer has returned."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["produce"]
# ///

import asyncio
import os


async def produce(queue):
    for number in range(10):
        await queue.put(number)


async def consume(queue):
    for _ in range(2):
        await queue.get()


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    queue = asyncio.Queue(2)
    await asyncio.gather(produce(queue), consume(queue))


asyncio.run(main())
