"""A worker was stopped by SIGSTOP and nobody continues it; its parent joins it."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "stopped-process"
# confidence = ["proven", "likely"]
# functions = []
# ///

import multiprocessing
import os
import signal
import threading
import time


def work():
    while True:
        time.sleep(0.01)


def main():
    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start()
    os.kill(worker.pid, signal.SIGSTOP)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    worker.join()


main()
