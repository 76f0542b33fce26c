"""Two locks are taken in opposite order, by acquire() in a context manager made of a generator."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "likely"
# functions = ["debit", "credit", "locked"]
# ///

import contextlib
import os
import threading
import time

accounts, ledger = threading.Lock(), threading.Lock()
both = threading.Barrier(2)


@contextlib.contextmanager
def locked(lock):
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def debit():
    with locked(accounts):
        both.wait()
        with locked(ledger):
            pass


def credit():
    with locked(ledger):
        both.wait()
        with locked(accounts):
            pass


for work in (debit, credit):
    threading.Thread(target=work, name=work.__name__, daemon=True).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
