"""Sixty of sixty-four descriptors are open."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "descriptor-exhaustion"
# confidence = "proven"
# functions = ["main"]
# ///

import os
import resource
import time


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    files = [open(__file__) for _ in range(57)]
    os.write(1, b"READY %d\n" % os.getpid())
    while files:
        time.sleep(0.1)


main()
