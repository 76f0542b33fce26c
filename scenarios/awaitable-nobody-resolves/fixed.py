"""The same client fails its open requests when the connection ends, and asks again elsewhere."""

import asyncio
import json
import os
import signal
import sys

LIFE_S = 120
SERVICE = """
import sys, json, time
for line in sys.stdin:
    number = json.loads(line)["number"]
    time.sleep(0.5)
    if number == 3 and len(sys.argv) > 1:
        sys.exit("out of memory")
    print(json.dumps({"number": number, "price": 42}), flush=True)
"""


class Prices:
    """A service of prices, in a process of its own."""

    def __init__(self, process):
        self.process = process
        self.open = {}
        self.reading = asyncio.ensure_future(self.read())

    @classmethod
    async def start(cls, *arguments):
        """Start the service."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SERVICE,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return cls(process)

    async def read(self):
        """Resolve the future of each answer, and fail what is open at the end."""
        async for line in self.process.stdout:
            answer = json.loads(line)
            self.open.pop(answer["number"]).set_result(answer["price"])
        for future in self.open.values():
            future.set_exception(ConnectionError("the service is gone"))

    async def ask(self, number):
        """Return the price of an article, or raise ConnectionError."""
        self.open[number] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"number": number}).encode() + b"\n")
        return await self.open[number]

    async def stop(self):
        """Close the connection and wait for the service to end."""
        self.process.stdin.close()
        await self.process.wait()
        await self.reading


async def main():
    prices = await Prices.start("fails")
    asyncio.get_running_loop().call_later(0.3, lambda: print("READY", os.getpid(), flush=True))
    asked = (prices.ask(number) for number in range(6))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await prices.stop()
    failed = [number for number, answer in enumerate(answers) if not isinstance(answer, int)]
    others = await Prices.start()
    again = await asyncio.gather(*(others.ask(number) for number in failed))
    await others.stop()
    result = {"done": len(answers) - len(failed) + len(again)}
    print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    signal.alarm(LIFE_S)
    asyncio.run(main())
