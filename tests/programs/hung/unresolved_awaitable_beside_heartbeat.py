"""Tasks await each other in a circle while their event loop goes on with a heartbeat.

Through locks, directly, or through the only thread of an executor.
"""

# /// diag
# verdict = "hung"
# live = true
# runs = [["locks"], ["tasks"], ["executor"]]
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "likely"
# functions = ["move", "follow", "_inner"]
# ///

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor


async def move(first, second):
    async with first:
        await asyncio.sleep(0.1)
        async with second:
            pass


async def locks():
    stock, orders = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(move(stock, orders), move(orders, stock))


async def follow(tasks, other):
    await tasks[other]


async def tasks():
    known = {}
    known["left"] = asyncio.create_task(follow(known, "right"))
    known["right"] = asyncio.create_task(follow(known, "left"))
    await asyncio.wait(known.values())


async def _inner(pool):
    await asyncio.get_running_loop().run_in_executor(pool, print)


def outer(pool, loop):
    asyncio.run_coroutine_threadsafe(_inner(pool), loop).result()


async def executor():
    pool, loop = ThreadPoolExecutor(1), asyncio.get_running_loop()
    await loop.run_in_executor(pool, outer, pool, loop)


async def heartbeat():
    await asyncio.sleep(0.5)
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        await asyncio.sleep(0.1)


async def main():
    beating = asyncio.create_task(heartbeat())
    await {"locks": locks, "tasks": tasks, "executor": executor}[sys.argv[1]]()
    beating.cancel()


asyncio.run(main())
