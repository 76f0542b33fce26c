"""Two tasks take two asyncio locks in opposite order."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "unresolved-awaitable"
# confidence = "proven"
# functions = ["debit", "credit"]
# ///

import asyncio
import os


async def debit(one, other):
    async with one:
        await asyncio.sleep(0.05)
        async with other:
            pass


async def credit(one, other):
    async with other:
        await asyncio.sleep(0.05)
        async with one:
            pass


async def main():
    asyncio.get_running_loop().call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
    one, other = asyncio.Lock(), asyncio.Lock()
    await asyncio.gather(debit(one, other), credit(one, other))


asyncio.run(main())
