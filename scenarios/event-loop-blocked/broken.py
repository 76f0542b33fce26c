"""A web service on asyncio renders a report by calling another program, synchronously.

The event loop runs in one thread. As long as the call lasts, it serves nobody.
"""

import asyncio
import os
import signal
import subprocess
import threading

LIFE_S = 120  # a hung copy of this script ends by itself


def render_report():
    return subprocess.run(["sleep", "100"], check=True)


async def handle_report():
    await asyncio.sleep(0.1)
    return render_report()


async def beat():
    """Play the other requests, and the health check of the cluster."""
    while True:
        await asyncio.sleep(0.05)


async def main():
    beats = asyncio.ensure_future(beat())
    await handle_report()
    beats.cancel()


if __name__ == "__main__":
    signal.alarm(LIFE_S)
    threading.Timer(1.0, print, ("READY", os.getpid()), {"flush": True}).start()
    asyncio.run(main())
