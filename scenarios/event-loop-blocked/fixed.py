"""The same service hands the call to a thread and keeps serving."""

import asyncio
import json
import os
import signal
import subprocess

LIFE_S = 120


def render_report():
    return subprocess.run(["sleep", "3"], check=True)


async def handle_report():
    return await asyncio.get_running_loop().run_in_executor(None, render_report)


async def beat(beats):
    """Play the other requests, and the health check of the cluster."""
    while True:
        await asyncio.sleep(0.05)
        beats.append(None)


async def main():
    beats = []
    others = asyncio.ensure_future(beat(beats))
    print("READY", os.getpid(), flush=True)
    await handle_report()
    others.cancel()
    print("RESULT", json.dumps({"done": 1, "beats": len(beats)}), flush=True)


if __name__ == "__main__":
    signal.alarm(LIFE_S)
    asyncio.run(main())
