"""A file is opened for each request and never closed."""

# /// diag
# verdict = "degraded"
# look_s = 4.0
# [[finding]]
# rule = "descriptor-exhaustion"
# confidence = "likely"
# functions = ["main", "handle"]
# ///

import os
import resource
import time

FILES = []


def handle():
    FILES.append(open(__file__))
    time.sleep(0.05)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (800, 800))
    FILES.extend(open(__file__) for _ in range(450))
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        handle()


main()
