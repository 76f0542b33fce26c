"""Workers are forked while a thread is inside a log call that a slow log file blocks.

Stock logging: the child gets fresh handler locks, but the lock of the buffered
stream beneath stays taken by a thread that the child does not have.
"""

# /// diag
# verdict = "hung"
# runs = [["executor"], ["pool"], ["process"]]
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["handle_order"]
# ///

import logging
import multiprocessing
import os
import select
import sys
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor


def handle_order(number):
    logging.info("order %d", number)
    return number


def chatter():
    logging.info("x" * 300_000)


def executor(context):
    with ProcessPoolExecutor(2, mp_context=context) as workers:
        orders = [workers.submit(handle_order, number) for number in range(2)]
        print(sum(order.result() for order in orders))


def pool(context):
    with context.Pool(2) as workers:
        print(sum(workers.map(handle_order, range(2))))


def process(context):
    worker = context.Process(target=handle_order, args=(1,))
    worker.start()
    worker.join()


def main(hire):
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

    threading.Timer(1.0, os.write, (1, b"READY %d\n" % os.getpid())).start()
    hire(multiprocessing.get_context("fork"))


main({"executor": executor, "pool": pool, "process": process}[sys.argv[1]])
