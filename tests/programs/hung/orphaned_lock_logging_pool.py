"""A pool is forked while a thread is inside a log call that a slow log file blocks.

Stock logging: the child gets fresh handler locks, but the lock of the buffered
stream beneath stays taken by a thread that the child does not have.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["handle_order"]
# ///

import logging
import multiprocessing
import os
import select
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor


def handle_order(number):
    logging.info("order %d", number)
    return number


def chatter():
    logging.info("x" * 300_000)


def main():
    fifo = os.path.join(tempfile.mkdtemp(), "app.log")
    os.mkfifo(fifo)
    os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    logging.basicConfig(level=logging.INFO, handlers=[logging.FileHandler(fifo)])
    os.unlink(fifo)
    os.rmdir(os.path.dirname(fifo))
    stream = logging.getLogger().handlers[0].stream
    threading.Thread(target=chatter, name="chatter", daemon=True).start()
    while select.select([], [stream.fileno()], [], 0)[1]:
        pass

    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        orders = [pool.submit(handle_order, number) for number in range(2)]
        threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
        print(sum(order.result() for order in orders))


main()
