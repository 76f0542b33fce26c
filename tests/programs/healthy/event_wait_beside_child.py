"""Threads have prepared everything; the main thread is parked beside a child that works."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import multiprocessing
import os
import threading
import time


def work():
    while True:
        time.sleep(0.2)


def main():
    prepared = threading.Thread(target=sum, args=([1],))
    prepared.start()
    prepared.join()
    child = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    child.start()
    os.write(1, b"READY %d\n" % os.getpid())
    threading.Event().wait()


main()
