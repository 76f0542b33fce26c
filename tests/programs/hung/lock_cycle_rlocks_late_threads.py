"""RLocks taken by `with` in opposite order, by threads that may have the ids of ended ones."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["debit", "credit"]
# ///

import os
import threading
import time

accounts, journal = threading.RLock(), threading.RLock()


def debit():
    with accounts:
        time.sleep(0.3)
        with journal:
            pass


def credit():
    with journal:
        time.sleep(0.3)
        with accounts:
            pass


for _ in range(3):
    early = threading.Thread(target=time.sleep, args=(0,))
    early.start()
    early.join()
threads = [threading.Thread(target=work) for work in (debit, credit)]
for thread in threads:
    thread.start()
threading.Timer(0.8, os.write, (1, b"READY %d\n" % os.getpid())).start()
for thread in threads:
    thread.join()
