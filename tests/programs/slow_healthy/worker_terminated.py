"""A child was ended by terminate(), on purpose."""

# /// diag
# verdict = "healthy"
# twin_of = ["worker-died"]
# ///

import multiprocessing
import os
import time


def work():
    time.sleep(3600)


def main():
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.terminate()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        time.sleep(0.1)


main()
