"""Many tasks take two locks each: in one order, in both behind a gate, or with a time-out."""

# /// diag
# verdict = "healthy"
# runs = [["order"], ["gate"], ["timeout"]]
# twin_of = ["unresolved-awaitable"]
# ///

import asyncio
import os
import sys


async def move(first, second):
    async with first:
        await asyncio.sleep(0)
        async with second:
            await asyncio.sleep(0)


async def order(stock, orders, gate, forth):
    await move(stock, orders)


async def gated(stock, orders, gate, forth):
    async with gate:
        await move(*((stock, orders) if forth else (orders, stock)))


async def timed(stock, orders, gate, forth):
    try:
        await asyncio.wait_for(move(*((stock, orders) if forth else (orders, stock))), 0.05)
    except asyncio.TimeoutError:
        await asyncio.sleep(0.01 if forth else 0.02)


async def again_and_again(way, locks, forth):
    while True:
        await way(*locks, forth)


async def main():
    way = {"order": order, "gate": gated, "timeout": timed}[sys.argv[1]]
    locks = [asyncio.Lock() for _ in range(3)]
    os.write(1, b"READY %d\n" % os.getpid())
    await asyncio.gather(*(again_and_again(way, locks, number % 2) for number in range(6)))


asyncio.run(main())
