"""One process computes under a quota of a seventh of a CPU."""

# /// diag
# verdict = "degraded"
# alone = true
# limits = {cpu = 0.15}
# [[finding]]
# rule = "throttled"
# confidence = "proven"
# functions = ["compute"]
# ///

import os


def compute():
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        sum(range(10_000))


compute()
