"""Two threads take a lock each, try the other one, and swap what both accounts hold."""

# /// diag
# verdict = "healthy"
# look_s = 2.0
# twin_of = ["live-lock"]
# ///

import os
import threading
import time


class Account:
    def __init__(self, balance):
        self.lock = threading.Lock()
        self.balance = balance


def swap(mine, other):
    while True:
        time.sleep(0.05)
        with mine.lock:
            time.sleep(0.02)
            if other.lock.acquire(timeout=0.05):
                mine.balance, other.balance = other.balance, mine.balance
                other.lock.release()


one, two = Account(5), Account(6)
for pair in ((one, two), (two, one)):
    threading.Thread(target=swap, args=pair).start()
os.write(1, b"READY %d\n" % os.getpid())
