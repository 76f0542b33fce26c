"""Threads of a pool wait for tasks of a process pool, all workers of which are busy."""

# /// diag
# verdict = "healthy"
# twin_of = ["pool-saturated"]
# ///

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def crunch():
    time.sleep(3)


def main():
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as processes, ThreadPoolExecutor(4) as threads:
        inner = [processes.submit(crunch) for _ in range(20)]
        outer = [threads.submit(future.result) for future in inner]
        threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
        print([future.result() for future in outer])


main()
