"""Two workers wait for a sentinel, and only one was put."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["consume"]
# ///

import multiprocessing
import os
import threading


def consume(jobs):
    while jobs.get() is not None:
        pass


def main():
    context = multiprocessing.get_context("fork")
    jobs = context.Queue()
    workers = [context.Process(target=consume, args=(jobs,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for number in range(10):
        jobs.put(number)
    jobs.put(None)
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    for worker in workers:
        worker.join()


main()
