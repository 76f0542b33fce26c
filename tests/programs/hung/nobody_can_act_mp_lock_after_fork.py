"""A process takes a multiprocessing.Lock, forks by os.fork() and ends: its child waits for the lock.

The child has a copy of the count that says that it holds the lock itself.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["take"]
# ///

import ctypes
import multiprocessing
import os

PR_SET_CHILD_SUBREAPER = 36


def take():
    lock.acquire()


ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
top = os.getpid()
lock = multiprocessing.get_context("fork").Lock()
between = os.fork()
if between == 0:
    lock.acquire()
    if os.fork() == 0:
        os.write(1, b"READY %d\n" % top)
        take()
    os._exit(0)
os.waitpid(between, 0)
os.wait()
