"""A client matches answers to requests by number, and the other side goes away.

Each request awaits a future that the answer would resolve. When the connection ends,
the reading task ends, and the futures of the open requests are forgotten.
"""

import asyncio
import json
import os
import signal
import sys

LIFE_S = 120  # a hung copy of this script ends by itself
SERVICE = """
import sys, json
for line in sys.stdin:
    number = json.loads(line)["number"]
    if number == 3:
        sys.exit("out of memory")
    print(json.dumps({"number": number, "price": 42}), flush=True)
"""


class Prices:
    """A service of prices, in a process of its own."""

    def __init__(self, process):
        self.process = process
        self.open = {}
        self.reading = asyncio.ensure_future(self.read())

    async def read(self):
        """Resolve the future of each answer."""
        async for line in self.process.stdout:
            answer = json.loads(line)
            self.open.pop(answer["number"]).set_result(answer["price"])

    async def ask(self, number):
        """Return the price of an article."""
        self.open[number] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"number": number}).encode() + b"\n")
        return await self.open[number]


async def main():
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVICE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    prices = Prices(process)
    asyncio.get_running_loop().call_later(1.5, lambda: print("READY", os.getpid(), flush=True))
    answers = await asyncio.gather(*(prices.ask(number) for number in range(6)))
    print("RESULT", len(answers), flush=True)


if __name__ == "__main__":
    signal.alarm(LIFE_S)
    asyncio.run(main())
