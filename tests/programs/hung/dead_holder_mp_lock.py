"""A worker was killed while it held a multiprocessing.Lock; the parent wants it."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "dead-holder"
# confidence = "proven"
# functions = ["append"]
# ///

import multiprocessing
import os
import signal
import threading
import time


def rewrite(lock, started):
    with lock:
        started.set()
        time.sleep(3600)


def append(lock):
    with lock:
        pass


def main():
    context = multiprocessing.get_context("fork")
    lock, started = context.Lock(), context.Event()
    worker = context.Process(target=rewrite, args=(lock, started))
    worker.start()
    started.wait()
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    append(lock)


main()
