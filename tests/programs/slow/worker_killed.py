"""A child was killed, and its parent goes on without looking."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "worker-died"
# confidence = "proven"
# functions = []
# ///

import multiprocessing
import os
import signal
import time


def work():
    time.sleep(3600)


def main():
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        time.sleep(0.1)


main()
