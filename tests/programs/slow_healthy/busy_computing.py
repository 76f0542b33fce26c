"""Long computations of the usual kinds: each moves on, whatever it keeps its state in."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import heapq
import os
import sys

KINDS = {}


def kind(function):
    KINDS[function.__name__] = function
    return function


@kind
def count():
    number = 0
    while True:
        number += 1


@kind
def heap():
    numbers = list(range(10**7))
    while numbers:
        heapq.heappop(numbers)


@kind
def attribute():
    class Job:
        steps = 0

    job = Job()
    while True:
        job.steps += 1


os.write(1, b"READY %d\n" % os.getpid())
KINDS[sys.argv[1] if len(sys.argv) > 1 else "count"]()
