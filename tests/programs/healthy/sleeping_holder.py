"""A lock is held for long by a thread that sleeps; ten wait for it."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading
import time

report = threading.Lock()
held = threading.Event()


def write():
    with report:
        held.set()
        time.sleep(3600)


def read():
    with report:
        pass


threading.Thread(target=write, daemon=True).start()
held.wait()
readers = [threading.Thread(target=read, daemon=True) for _ in range(10)]
for reader in readers:
    reader.start()
os.write(1, b"READY %d\n" % os.getpid())
for reader in readers:
    reader.join()
