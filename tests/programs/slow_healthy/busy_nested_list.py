"""Counts in an element of a nested list."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os


def run():
    table = [[0.0] * 3 for _ in range(3)]
    while True:
        table[1][2] += 1.5


os.write(1, b"READY %d\n" % os.getpid())
run()
