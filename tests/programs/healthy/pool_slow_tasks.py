"""A process pool whose tasks take long; the main thread waits for their results."""

# /// diag
# verdict = "healthy"
# ///

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed


def render(_page):
    time.sleep(3600)


def main():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        pages = [pool.submit(render, page) for page in range(8)]
        os.write(1, b"READY %d\n" % os.getpid())
        for _ in as_completed(pages):
            pass


main()
