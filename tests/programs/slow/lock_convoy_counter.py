"""Threads that take one lock for nearly all of their work."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "lock-convoy"
# or_rule = "gil-bound"
# confidence = ["likely", "proven"]
# functions = ["count"]
# ///

import os
import threading

lock = threading.Lock()
total = 0


def count():
    global total
    while True:
        with lock:
            total += sum(range(30_000))


threads = [threading.Thread(target=count) for _ in range(6)]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
