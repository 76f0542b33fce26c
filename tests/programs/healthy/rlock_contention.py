"""Six threads work slowly, one at a time, under one RLock."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading
import time

table = threading.RLock()


def work():
    while True:
        with table:
            time.sleep(0.3)


for _ in range(6):
    threading.Thread(target=work, daemon=True).start()
os.write(1, b"READY %d\n" % os.getpid())
threading.Event().wait()
