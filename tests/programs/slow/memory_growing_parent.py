"""Every result is kept."""

# /// diag
# verdict = "degraded"
# look_s = 5.0
# limits = {memory_mib = 500}
# [[finding]]
# rule = "memory-growth"
# confidence = "likely"
# functions = ["main", "keep"]
# ///

import os
import time

RESULTS = []


def keep():
    RESULTS.append(b"x" * 1_000_000)
    time.sleep(0.08)


def main():
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        keep()


main()
