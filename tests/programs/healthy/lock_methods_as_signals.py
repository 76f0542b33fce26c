"""Doors that one thread shuts and another opens: two wait at each other's, the porter is away."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading
import time


class Door:
    def __init__(self):
        self._bolt = threading.Lock()

    def lock(self):
        self._bolt.acquire()

    def open(self):
        self._bolt.release()


front, back = Door(), Door()
everybody = threading.Barrier(3)


def guest():
    front.lock()
    everybody.wait()
    back.lock()


def cook():
    back.lock()
    everybody.wait()
    front.lock()


def porter():
    everybody.wait()
    time.sleep(3600)
    front.open()
    back.open()


for work in (guest, cook, porter):
    threading.Thread(target=work, name=work.__name__).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
