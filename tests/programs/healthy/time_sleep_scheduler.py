"""A scheduler: a loop around time.sleep, with an idle worker thread on a queue."""

# /// diag
# verdict = "healthy"
# ///

import os
import queue
import threading
import time

jobs = queue.Queue()


def work():
    while True:
        jobs.get()()


threading.Thread(target=work, daemon=True).start()
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(30)
    jobs.put(int)
