"""An idle forked pool; the main thread waits for a command on stdin."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# stdin = "pipe"
# ///

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor


def main():
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("fork")) as pool:
        print(list(pool.map(abs, range(20))))
        os.write(1, b"READY %d\n" % os.getpid())
        input()


main()
