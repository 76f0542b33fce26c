"""A pause that asks the clock all the time: it ends by itself."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os
import time


def pause(until):
    while time.monotonic() < until:
        pass


os.write(1, b"READY %d\n" % os.getpid())
pause(time.monotonic() + 600)
