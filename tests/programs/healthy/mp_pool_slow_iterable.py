"""imap() over an iterable that waits for its next item: the pool is idle, and nothing is lost."""

# /// diag
# verdict = "healthy"
# twin_of = ["lost-task"]
# ///

import multiprocessing
import os
import threading
import time


def pages():
    for number in range(20):
        yield number
        time.sleep(4)


def main():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        threading.Timer(1.0, os.write, (1, b"READY %d\n" % os.getpid())).start()
        for page in pool.imap(abs, pages()):
            print(page)


main()
