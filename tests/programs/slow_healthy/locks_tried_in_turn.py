"""Two threads take a lock each and try the other one, and get it in turn: money moves."""

# /// diag
# verdict = "healthy"
# look_s = 2.0
# twin_of = ["live-lock"]
# ///

import os
import threading
import time


class Account:
    def __init__(self):
        self.lock = threading.Lock()
        self.balance = 100


def pay(source, target, pause_s):
    while True:
        time.sleep(pause_s)
        with source.lock:
            time.sleep(0.02)
            if target.lock.acquire(timeout=0.01):
                source.balance -= 1
                target.balance += 1
                target.lock.release()


one, other = Account(), Account()
threads = [
    threading.Thread(target=pay, args=(one, other, 0.05)),
    threading.Thread(target=pay, args=(other, one, 0.07)),
]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
