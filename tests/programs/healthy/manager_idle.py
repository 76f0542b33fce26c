"""A multiprocessing manager's server is idle, and so is its parent."""

# /// diag
# verdict = "healthy"
# stdin = "pipe"
# ///

import multiprocessing
import os
import sys


def main():
    with multiprocessing.get_context("fork").Manager() as manager:
        shared = manager.dict(a=1)
        print(shared["a"])
        os.write(1, b"READY %d\n" % os.getpid())
        sys.stdin.read()


main()
