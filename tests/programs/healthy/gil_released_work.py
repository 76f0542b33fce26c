"""Threads hash large buffers with the GIL released; the main thread joins them."""

# /// diag
# verdict = "healthy"
# ///

import hashlib
import os
import threading


def work():
    block = bytes(50_000_000)
    while True:
        hashlib.sha256(block).digest()


threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
