"""A task awaits inside of `with` on a lock of threading; another task blocks the loop on it."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "self-deadlock"
# confidence = "proven"
# functions = ["report"]
# ///

import asyncio
import os
import threading
import time

lock = threading.Lock()


async def refresh():
    with lock:
        await asyncio.sleep(0.2)


async def report():
    await asyncio.sleep(0.1)
    with lock:
        pass


async def main():
    await asyncio.gather(refresh(), report())


def beat():
    time.sleep(0.7)
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        time.sleep(0.1)


threading.Thread(target=beat, name="heartbeat", daemon=True).start()
asyncio.run(main())
