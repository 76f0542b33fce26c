"""Empties a large heap: the only state is the length of a list."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import heapq
import os


def work(numbers):
    while numbers:
        heapq.heappop(numbers)


numbers = list(range(2 * 10**7))
os.write(1, b"READY %d\n" % os.getpid())
work(numbers)
