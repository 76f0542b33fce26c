"""A task forks and lets the child go on as a second worker, which takes the next task and is killed."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lost-task"
# confidence = ["likely", "proven"]
# functions = ["main"]
# ///

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor


def report():
    if os.fork():
        time.sleep(1.0)


def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def main():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        pool.submit(report).result()
        result = pool.submit(crash)
        threading.Timer(1.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
        result.result()


main()
