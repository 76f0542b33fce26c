"""Two threads take two RLocks in the same order, again and again."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading
import time

accounts, ledger = threading.RLock(), threading.RLock()


def work():
    while True:
        with accounts, ledger:
            time.sleep(0.0005)


threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
