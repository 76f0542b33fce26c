"""Two threads wait for their turn, each having taken a lock of the other's; a third gives it."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading
import time

left, right = threading.Lock(), threading.Lock()
both = threading.Barrier(3)


def first():
    left.acquire()
    both.wait()
    right.acquire()


def second():
    right.acquire()
    both.wait()
    left.acquire()


def conductor():
    both.wait()
    time.sleep(3600)
    left.release()
    right.release()


threads = [threading.Thread(target=work, name=work.__name__) for work in (first, second, conductor)]
for thread in threads:
    thread.start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
