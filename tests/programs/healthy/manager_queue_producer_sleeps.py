"""Workers take from a manager's Queue, into which the parent puts something every hour."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import multiprocessing
import os
import time


def work(jobs):
    while True:
        jobs.get()


def main():
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        jobs = manager.Queue()
        for _ in range(2):
            context.Process(target=work, args=(jobs,), daemon=True).start()
        os.write(1, b"READY %d\n" % os.getpid())
        while True:
            time.sleep(3600)
            jobs.put("hourly")


main()
