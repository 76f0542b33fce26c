"""Connections from a semaphore are all in use by threads that sleep."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import threading
import time

connections = threading.BoundedSemaphore(2)


def query():
    with connections:
        time.sleep(3600)


threads = [threading.Thread(target=query) for _ in range(5)]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
