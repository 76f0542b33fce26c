"""A worker process takes a multiprocessing.Lock twice."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# confidence = "proven"
# functions = ["append"]
# ///

import multiprocessing
import os
import threading


def append(lock):
    with lock:
        pass


def append_all(lock):
    with lock:
        append(lock)


def main():
    context = multiprocessing.get_context("fork")
    worker = context.Process(target=append_all, args=(context.Lock(),))
    worker.start()
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    worker.join()


main()
