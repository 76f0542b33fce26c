"""Two locks are taken in opposite order, by a class of the program's own; the main thread goes on."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "likely"
# functions = ["debit", "credit", "__enter__", "Guard.__enter__"]
# ///

import os
import threading
import time

accounts, ledger = threading.Lock(), threading.Lock()
both = threading.Barrier(2)


class Guard:
    def __init__(self, lock):
        self._lock = lock

    def __enter__(self):
        self._lock.acquire()

    def __exit__(self, *exception):
        self._lock.release()


def debit():
    with Guard(accounts):
        both.wait()
        with Guard(ledger):
            pass


def credit():
    with Guard(ledger):
        both.wait()
        with Guard(accounts):
            pass


for work in (debit, credit):
    threading.Thread(target=work, name=work.__name__, daemon=True).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
