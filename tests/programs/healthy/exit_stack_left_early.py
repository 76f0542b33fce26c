"""A thread has left its locks, though not the ExitStack; another one holds them, and works."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import contextlib
import os
import threading
import time

accounts, ledger = threading.Lock(), threading.Lock()
left, taken = threading.Event(), threading.Event()


@contextlib.contextmanager
def locked(lock):
    with lock:
        yield


def debit():
    with contextlib.ExitStack() as stack:
        stack.enter_context(accounts)
        stack.enter_context(locked(ledger))
        stack.close()
        left.set()
        taken.wait()
        with ledger:
            pass


def credit():
    left.wait()
    with ledger, accounts:
        taken.set()
        time.sleep(3600)


threads = [threading.Thread(target=work, name=work.__name__) for work in (debit, credit)]
for thread in threads:
    thread.start()
taken.wait()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
