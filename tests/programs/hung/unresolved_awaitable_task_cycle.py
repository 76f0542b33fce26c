"""Two tasks await each other."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["first", "second"]
# ///

import asyncio
import os


async def first(tasks):
    await asyncio.sleep(0)
    await tasks["second"]


async def second(tasks):
    await asyncio.sleep(0)
    await tasks["first"]


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    tasks = {}
    tasks["first"] = asyncio.create_task(first(tasks))
    tasks["second"] = asyncio.create_task(second(tasks))
    await asyncio.wait(tasks.values())


asyncio.run(main())
