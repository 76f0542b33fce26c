"""The consumer of a bounded queue died; the producer waits for room."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["produce"]
# ///

import os
import queue
import sys
import threading

rows = queue.Queue(maxsize=2)


def consume():
    rows.get()
    sys.exit("disk full")


def produce():
    while True:
        rows.put("row")


threading.Thread(target=consume, name="consumer").start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
produce()
