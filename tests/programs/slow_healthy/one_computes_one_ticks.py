"""One thread computes; others tick and wait for the GIL at each tick."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["gil-bound", "gil-held"]
# ///

import os
import threading
import time


def compute():
    while True:
        sum(range(10_000))


def tick():
    while True:
        time.sleep(0.01)


threading.Thread(target=compute).start()
for _ in range(3):
    threading.Thread(target=tick).start()
os.write(1, b"READY %d\n" % os.getpid())
