"""Who holds a lock, by acquire() in a context manager made of a generator, works for long."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import contextlib
import os
import threading
import time

accounts, ledger = threading.Lock(), threading.Lock()
taken = threading.Event()


@contextlib.contextmanager
def locked(lock):
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def audit():
    with locked(accounts):
        taken.set()
        time.sleep(3600)


def debit():
    taken.wait()
    with locked(ledger):
        with locked(accounts):
            pass


def credit():
    taken.wait()
    time.sleep(0.2)
    with locked(ledger):
        pass


threads = [threading.Thread(target=work, name=work.__name__) for work in (audit, debit, credit)]
for thread in threads:
    thread.start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
