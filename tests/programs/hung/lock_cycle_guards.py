"""Two locks are taken in opposite order, by acquire() in something for `with`; others go on.

It is a class of the program's own, or a generator.
"""

# /// diag
# verdict = "hung"
# live = true
# runs = [["class"], ["generator"]]
# [[finding]]
# rule = "lock-cycle"
# confidence = "likely"
# functions = ["debit", "credit", "__enter__", "locked"]
# ///

import contextlib
import os
import sys
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


@contextlib.contextmanager
def locked(lock):
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


guard = {"class": Guard, "generator": locked}[sys.argv[1]]


def debit():
    with guard(accounts):
        both.wait()
        with guard(ledger):
            pass


def credit():
    with guard(ledger):
        both.wait()
        with guard(accounts):
            pass


for work in (debit, credit):
    threading.Thread(target=work, name=work.__name__, daemon=True).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
