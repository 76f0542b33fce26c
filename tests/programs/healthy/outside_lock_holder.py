"""A multiprocessing.Lock is held by a daemon outside of the tree."""

# /// diag
# verdict = "healthy"
# twin_of = ["dead-holder"]
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


def hold():
    with lock:
        os.write(write_end, b"x")
        time.sleep(3600)


lock = multiprocessing.get_context("fork").Lock()
read_end, write_end = os.pipe()
start_outside(hold)
os.read(read_end, 1)
os.write(1, b"READY %d\n" % os.getpid())
with lock:
    pass
