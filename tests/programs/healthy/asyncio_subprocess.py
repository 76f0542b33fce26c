"""asyncio waits for a child that sleeps."""

# /// diag
# verdict = "healthy"
# ///

import asyncio
import os


async def main():
    child = await asyncio.create_subprocess_exec("sleep", "3600")
    os.write(1, b"READY %d\n" % os.getpid())
    await child.wait()


asyncio.run(main())
