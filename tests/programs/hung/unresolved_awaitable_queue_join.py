"""The consumer of an asyncio Queue failed; join() waits for items that nobody will take."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["main"]
# ///

import asyncio
import os


async def consume(queue):
    item = await queue.get()
    raise ValueError(item)


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    queue = asyncio.Queue()
    task = asyncio.create_task(consume(queue))
    for number in range(3):
        queue.put_nowait(number)
    await queue.join()
    task.cancel()


asyncio.run(main())
