"""Tasks of a pool wait for an Event that a thread would have set, had it not failed before."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["task"]
# ///

import multiprocessing
import os
import threading


def fetch(done):
    raise ValueError("no such row")
    done.set()


def task(_):
    done = threading.Event()
    threading.Thread(target=fetch, args=(done,)).start()
    done.wait()


def main():
    pool = multiprocessing.get_context("fork").Pool(2)
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    pool.map(task, range(2))


main()
