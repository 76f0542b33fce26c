"""Back-pressure: producers wait for room in a bounded queue with a slow consumer."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import queue
import threading
import time

rows = queue.Queue(maxsize=2)


def produce():
    while True:
        rows.put("row")


for _ in range(3):
    threading.Thread(target=produce, daemon=True).start()
os.write(1, b"READY %d\n" % os.getpid())
while True:
    rows.get()
    time.sleep(1.5)
