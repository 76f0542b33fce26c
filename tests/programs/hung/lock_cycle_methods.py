"""Two locks are taken in opposite order, by methods of a class of the program's own."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "likely"
# functions = ["debit", "credit", "acquire_write", "Ledger.acquire_write"]
# ///

import os
import threading
import time


class Ledger:
    def __init__(self):
        self._writers = threading.Lock()

    def acquire_write(self):
        self._writers.acquire()

    def release_write(self):
        self._writers.release()


first, second = Ledger(), Ledger()
both = threading.Barrier(2)


def debit():
    first.acquire_write()
    both.wait()
    second.acquire_write()
    second.release_write()
    first.release_write()


def credit():
    second.acquire_write()
    both.wait()
    first.acquire_write()
    first.release_write()
    second.release_write()


for work in (debit, credit):
    threading.Thread(target=work, name=work.__name__, daemon=True).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
