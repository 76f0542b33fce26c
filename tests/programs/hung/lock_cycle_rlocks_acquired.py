"""RLocks taken by acquire() in opposite order, by threads that may have the ids of ended ones."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# confidence = ["likely", "proven"]
# functions = ["debit", "credit"]
# ///

import os
import threading
import time

accounts, journal = threading.RLock(), threading.RLock()


def debit():
    accounts.acquire()
    time.sleep(0.3)
    journal.acquire()


def credit():
    journal.acquire()
    time.sleep(0.3)
    accounts.acquire()


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
