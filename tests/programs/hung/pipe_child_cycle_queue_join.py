"""A process is joined before its multiprocessing.Queue is drained."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "pipe-child-cycle"
# confidence = "proven"
# functions = ["collect", "_feed"]
# ///

import multiprocessing
import os
import threading


def crawl(results):
    results.put("x" * 1_000_000)


def collect(worker, results):
    worker.join()
    return results.get()


def main():
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    worker = context.Process(target=crawl, args=(results,))
    worker.start()
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    collect(worker, results)


main()
