"""Threads wait for a lock whose holder sleeps; each has it for a while."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-convoy"]
# ///

import os
import threading
import time

lock = threading.Lock()


def report():
    while True:
        with lock:
            time.sleep(0.05)
        sum(range(10_000))


threads = [threading.Thread(target=report) for _ in range(4)]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
