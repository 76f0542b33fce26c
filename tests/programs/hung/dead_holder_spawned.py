"""A spawned worker was killed while it held a multiprocessing.RLock; two others want it."""

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
    context = multiprocessing.get_context("spawn")
    lock, started = context.RLock(), context.Event()
    worker = context.Process(target=rewrite, args=(lock, started))
    worker.start()
    started.wait()
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    others = [context.Process(target=append, args=(lock,)) for _ in range(2)]
    for other in others:
        other.start()
    threading.Timer(1.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    for other in others:
        other.join()


if __name__ == "__main__":
    main()
