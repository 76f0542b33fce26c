"""Each of two threads has consumed a signal that the other one now waits for; a timer gives both.

A Semaphore with parts left over is held by threads that wait, and by one that works.
"""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading
import time

left, right, parts = threading.Semaphore(1), threading.Semaphore(1), threading.Semaphore(3)
everybody = threading.Barrier(6)


def first():
    left.acquire()
    with parts:
        everybody.wait()
        right.acquire()


def second():
    right.acquire()
    with parts:
        everybody.wait()
        left.acquire()


def works():
    with parts:
        everybody.wait()
        time.sleep(3600)


def waits():
    everybody.wait()
    with parts:
        pass


def signal():
    left.release()
    right.release()


for work in (first, second, works, waits, waits):
    threading.Thread(target=work, name=work.__name__).start()
threading.Timer(3600, signal).start()
everybody.wait()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
