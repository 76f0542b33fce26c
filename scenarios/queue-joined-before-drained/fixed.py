"""The same crawler reads all results first, and joins its workers afterwards."""

import ctypes
import json
import multiprocessing
import os
import signal
import threading
import time

LIFE_S = 120
PAGES = 20
PR_SET_PDEATHSIG = 1


def crawl(results):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    for _ in range(PAGES):
        time.sleep(0.15)
        results.put("page " * 10_000)


def collect(workers, results):
    pages = [results.get() for _ in workers for _ in range(PAGES)]
    for worker in workers:
        worker.join()
    return pages


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=crawl, args=(results,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    threading.Timer(0.3, print, ("READY", os.getpid()), {"flush": True}).start()
    print("RESULT", json.dumps({"done": len(collect(workers, results))}), flush=True)


if __name__ == "__main__":
    main()
