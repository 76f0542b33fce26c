"""A multiprocessing.Event will be set by a daemon outside of the tree."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import multiprocessing
import os
import time


def start_outside(work):
    """Run work in a process whose parent has ended: it is not in this tree."""
    between = os.fork()
    if between == 0:
        if os.fork() == 0:
            work()
        os._exit(0)
    os.waitpid(between, 0)


def set_later():
    time.sleep(3600)
    event.set()


event = multiprocessing.get_context("fork").Event()
start_outside(set_later)
os.write(1, b"READY %d\n" % os.getpid())
event.wait()
