"""Two nightly jobs lock the same two files, each the other one first."""

import ctypes
import fcntl
import multiprocessing
import os
import signal
import tempfile
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself
PR_SET_PDEATHSIG = 1


def update(first, second):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    with open(first, "a") as one, open(second, "a") as two:
        fcntl.flock(one, fcntl.LOCK_EX)
        time.sleep(0.4)
        fcntl.flock(two, fcntl.LOCK_EX)
        two.write("updated\n")


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        stock, orders = os.path.join(folder, "stock"), os.path.join(folder, "orders")
        jobs = [
            context.Process(target=update, args=(stock, orders), name="billing"),
            context.Process(target=update, args=(orders, stock), name="inventory"),
        ]
        for job in jobs:
            job.start()
        threading.Timer(1.2, print, ("READY", os.getpid()), {"flush": True}).start()
        for job in jobs:
            job.join()
    print("RESULT", len(jobs), flush=True)


if __name__ == "__main__":
    main()
