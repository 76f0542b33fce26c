"""Makes lists and throws them away."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os


def make(count):
    return [0] * count


def run():
    while True:
        make(1000)


os.write(1, b"READY %d\n" % os.getpid())
run()
