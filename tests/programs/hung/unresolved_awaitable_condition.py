"""Nobody notifies an asyncio Condition."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["consume"]
# ///

import asyncio
import os


async def consume(condition, items):
    async with condition:
        await condition.wait_for(lambda: items)


async def produce(condition, items):
    async with condition:
        items.append(1)  # and forgets to notify


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    condition, items = asyncio.Condition(), []
    task = asyncio.create_task(consume(condition, items))
    await asyncio.sleep(0.05)
    await produce(condition, items)
    await task


asyncio.run(main())
