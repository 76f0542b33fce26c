"""A coroutine waits for a child with subprocess.run; other tasks are ready."""

# /// diag
# verdict = "degraded"
# still = true
# [[finding]]
# rule = "event-loop-blocked"
# confidence = "likely"
# functions = ["build"]
# ///

import asyncio
import os
import subprocess


async def other():
    pass


def build():
    os.write(1, b"READY %d\n" % os.getpid())
    subprocess.run(["sleep", "600"], check=True)


async def main():
    task = asyncio.create_task(other())
    build()
    await task


asyncio.run(main())
