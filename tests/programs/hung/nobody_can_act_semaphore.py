"""Connections are taken from a semaphore and not given back after an error."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["borrow"]
# ///

import os
import threading

connections = threading.Semaphore(2)


def borrow():
    connections.acquire()


borrow()
borrow()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
borrow()
