"""Descriptors leak quickly: a tenth of the limit is used, and the rest within half a minute."""

# /// diag
# verdict = "degraded"
# look_s = 5.0
# [[finding]]
# rule = "descriptor-exhaustion"
# confidence = "likely"
# functions = []
# ///

import os
import resource
import time

resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
opened = []


def handle():
    opened.append(open(os.devnull))  # noqa: SIM115
    time.sleep(0.05)


def main():
    for request in range(480):
        handle()
        if request == 40:
            os.write(1, b"READY %d\n" % os.getpid())
    time.sleep(60)


main()
