"""QueueHandler and QueueListener: the safe way to log from a pool, at rest."""

# /// diag
# verdict = "healthy"
# twin_of = ["orphaned-lock"]
# stdin = "pipe"
# ///

import logging
import logging.handlers
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor


def handle_order(number):
    logging.getLogger("orders").warning("order %d", number)
    return number


def initialise(records):
    logging.getLogger("orders").addHandler(logging.handlers.QueueHandler(records))


def main():
    context = multiprocessing.get_context("fork")
    records = context.Queue()
    pool = ProcessPoolExecutor(2, context, initializer=initialise, initargs=(records,))
    list(pool.map(handle_order, range(2)))
    listener = logging.handlers.QueueListener(records, logging.NullHandler())
    listener.start()
    list(pool.map(handle_order, range(10)))
    os.write(1, b"READY %d\n" % os.getpid())
    sys.stdin.read()


main()
