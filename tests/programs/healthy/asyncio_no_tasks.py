"""A loop that runs for ever without a task, until it is interrupted."""

# /// diag
# verdict = "healthy"
# twin_of = ["unresolved-awaitable"]
# still = true
# ///

import asyncio
import os

loop = asyncio.new_event_loop()
loop.call_later(0.3, os.write, 1, b"READY %d\n" % os.getpid())
loop.run_forever()
