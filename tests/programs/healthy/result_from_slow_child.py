"""A thread waits for the result of a child that sleeps; the main thread joins the thread."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import multiprocessing
import os
import threading
import time


def compute(results):
    time.sleep(3600)
    results.put(1)


def main():
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    context.Process(target=compute, args=(results,), daemon=True).start()
    collector = threading.Thread(target=results.get)
    collector.start()
    os.write(1, b"READY %d\n" % os.getpid())
    collector.join()


main()
