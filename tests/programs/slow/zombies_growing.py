"""A child is started for each job and never waited for."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "zombies"
# confidence = "likely"
# functions = ["main"]
# ///

import os
import time


def main():
    started = time.monotonic()
    while True:
        if os.fork() == 0:
            os._exit(0)
        time.sleep(0.2)
        if 0 < time.monotonic() - started - 4 < 0.25:
            os.write(1, b"READY %d\n" % os.getpid())


main()
