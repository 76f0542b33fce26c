"""A worker was killed inside Queue.get(): the queue's reader lock is lost with it."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "dead-holder"
# confidence = "proven"
# functions = ["consume"]
# ///

import multiprocessing
import os
import signal
import threading
import time


def consume(jobs):
    while jobs.get() is not None:
        pass


def main():
    context = multiprocessing.get_context("fork")
    jobs = context.Queue()
    first = context.Process(target=consume, args=(jobs,))
    first.start()
    while jobs._rlock._semlock._get_value():
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    second = context.Process(target=consume, args=(jobs,))
    second.start()
    jobs.put(None)
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    second.join()


main()
