"""Workers take from a manager's Queue, and nobody is left to put: the wait goes through the manager."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["work"]
# ///

import multiprocessing
import os
import threading


def work(jobs):
    while True:
        jobs.get()


def main():
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        jobs = manager.Queue()
        jobs.put("only")
        workers = [context.Process(target=work, args=(jobs,)) for _ in range(2)]
        for worker in workers:
            worker.start()
        threading.Timer(1.0, os.write, (1, b"READY %d\n" % os.getpid())).start()
        for worker in workers:
            worker.join()


main()
