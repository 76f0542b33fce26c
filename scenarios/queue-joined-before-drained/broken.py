"""A crawler's parent joins its workers, and only then reads their results.

What a worker put into a multiprocessing.Queue goes through a pipe that holds 64 KiB.
A worker does not end before all of it is in the pipe, and nobody empties the pipe.
"""

import ctypes
import multiprocessing
import os
import signal
import threading

LIFE_S = 120  # a hung copy of this script ends by itself
PAGES = 20
PR_SET_PDEATHSIG = 1


def crawl(results):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    for _ in range(PAGES):
        results.put("page " * 10_000)


def collect(workers, results):
    for worker in workers:
        worker.join()
    return [results.get() for _ in workers for _ in range(PAGES)]


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=crawl, args=(results,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    threading.Timer(1.0, print, ("READY", os.getpid()), {"flush": True}).start()
    print("RESULT", len(collect(workers, results)), flush=True)


if __name__ == "__main__":
    main()
