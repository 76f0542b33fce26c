"""A worker of multiprocessing.Pool was killed in its task: the pool replaces it and waits for ever."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lost-task"
# confidence = "proven"
# functions = ["main"]
# ///

import multiprocessing
import os
import signal
import threading


def parse(_page):
    os.kill(os.getpid(), signal.SIGKILL)


def main():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        result = pool.apply_async(parse, ("page",))
        threading.Timer(1.0, os.write, (1, b"READY %d\n" % os.getpid())).start()
        print(result.get())


main()
