"""A queue is filled and drained by a loop that asks whether it is empty."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os
import queue


def run(jobs):
    while not jobs.empty():
        jobs.put(jobs.get())


jobs = queue.Queue()
for number in range(50):
    jobs.put(number)
os.write(1, b"READY %d\n" % os.getpid())
run(jobs)
