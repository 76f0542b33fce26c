"""Two threads take two RLocks in the same order in a tight loop."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading

accounts, ledger = threading.RLock(), threading.RLock()


def work():
    while True:
        with accounts, ledger:
            pass


threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
