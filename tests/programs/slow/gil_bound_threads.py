"""Threads that compute and share the GIL."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "gil-bound"
# confidence = "proven"
# functions = ["compute"]
# ///

import os
import threading


def compute():
    while True:
        sum(range(10_000))


threads = [threading.Thread(target=compute) for _ in range(3)]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
