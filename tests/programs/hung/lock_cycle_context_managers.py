"""Two threads take two plain Locks in opposite order, one by a generator, one by an ExitStack.

The main thread goes on: only the holders make it a proof.
"""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["debit", "credit"]
# ///

import contextlib
import os
import threading
import time

accounts, ledger = threading.Lock(), threading.Lock()
both = threading.Barrier(2)


@contextlib.contextmanager
def locked(lock):
    with lock:
        yield


def debit():
    with locked(accounts):
        both.wait()
        with ledger:
            pass


def credit():
    with contextlib.ExitStack() as stack:
        stack.enter_context(ledger)
        both.wait()
        with accounts:
            pass


for work in (debit, credit):
    threading.Thread(target=work, name=work.__name__, daemon=True).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
