"""A worker of a pool dies with its task; the closed pool is joined, and waits for the result."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# or_rule = "lost-task"
# confidence = "proven"
# functions = ["main"]
# ///

import multiprocessing
import os
import signal


def work(number):
    if number == 4:
        os.kill(os.getpid(), signal.SIGSEGV)
    return number


def main():
    pool = multiprocessing.get_context("fork").Pool(2)
    pool.map_async(work, range(10), chunksize=1)
    os.write(1, b"READY %d\n" % os.getpid())
    pool.close()
    pool.join()


if __name__ == "__main__":
    main()
