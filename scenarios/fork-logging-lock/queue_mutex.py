"""Workers log through a QueueHandler; a metrics thread reads the queue under its mutex.

A QueueHandler is the right tool, but over a `queue.Queue` that other threads of the
parent use, the child can inherit the queue's plain lock while somebody holds it.
"""

import collections
import ctypes
import logging
import logging.handlers
import multiprocessing
import os
import queue
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself
COUNT_S = 1.0
PR_SET_PDEATHSIG = 1

log = logging.getLogger("shop")
log_queue = queue.Queue()


def handle_order(order):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    log.info("order %d: started", order)


def metrics():
    """Count what waits to be written, level by level, without disturbing the order."""
    with log_queue.mutex:
        time.sleep(COUNT_S)  # a long queue takes long to count
        collections.Counter(record.levelname for record in log_queue.queue)
    while True:
        time.sleep(0.5)


def wait_until_held(lock):
    while lock.acquire(blocking=False):
        lock.release()
        time.sleep(0.01)


def main():
    signal.alarm(LIFE_S)
    log.setLevel(logging.INFO)
    log.addHandler(logging.handlers.QueueHandler(log_queue))
    threading.Thread(target=metrics, name="metrics", daemon=True).start()
    wait_until_held(log_queue.mutex)

    worker = multiprocessing.get_context("fork").Process(target=handle_order, args=(1,))
    worker.start()
    worker.join(timeout=COUNT_S + 0.3)  # until the parent's thread has let go
    print("READY", os.getpid(), flush=True)
    worker.join()


if __name__ == "__main__":
    main()
