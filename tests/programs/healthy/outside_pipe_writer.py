"""The only writer of the pipe is a daemon outside of the tree."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

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


def write_later():
    time.sleep(3600)
    os.write(write_end, b"x")


read_end, write_end = os.pipe()
start_outside(write_later)
os.close(write_end)
os.write(1, b"READY %d\n" % os.getpid())
os.read(read_end, 1)
