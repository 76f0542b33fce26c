"""Each of two threads has not got the lock that it asked for; who has them both goes on."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading
import time

accounts, ledger = threading.Lock(), threading.Lock()
taken = threading.Event()


def debit():
    taken.wait()
    if not accounts.acquire(blocking=False):
        ledger.acquire()


def credit():
    taken.wait()
    if not ledger.acquire(blocking=False):
        accounts.acquire()


def audit():
    with accounts, ledger:
        taken.set()
        time.sleep(3600)


threads = [threading.Thread(target=work, name=work.__name__) for work in (debit, credit, audit)]
for thread in threads:
    thread.start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
