"""Nearly all memory of the control group is in use."""

# /// diag
# verdict = "degraded"
# limits = {memory_mib = 100}
# [[finding]]
# rule = "memory-limit-near"
# confidence = "proven"
# functions = ["main"]
# ///

import os
import time


def main():
    rows = [b"x" * 1_000_000 for _ in range(94)]
    os.write(1, b"READY %d\n" % os.getpid())
    while rows:
        time.sleep(0.1)


main()
