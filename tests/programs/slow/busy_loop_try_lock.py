"""A loop tries a lock that is never given back."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "busy-loop"
# confidence = ["likely", "possible"]
# functions = ["enter"]
# ///

import os
import threading

lock = threading.Lock()


def enter():
    while not lock.acquire(blocking=False):
        pass


lock.acquire()
os.write(1, b"READY %d\n" % os.getpid())
enter()
