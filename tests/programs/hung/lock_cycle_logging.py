"""A log record takes an application lock while it is formatted; another thread logs under that lock."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["describe", "close", "__str__", "__repr__"]
# ///

import logging
import os
import sys
import threading
import time

both = threading.Barrier(2)
orders = threading.RLock()


class Order:
    def __str__(self):
        both.wait()
        with orders:
            return "order"


def describe():
    logging.warning("%s", Order())


def close():
    with orders:
        both.wait()
        logging.warning("closed")


logging.basicConfig(stream=sys.stderr)
early = threading.Thread(target=time.sleep, args=(0,))  # leaves its id behind
early.start()
early.join()
threads = [threading.Thread(target=work, name=work.__name__) for work in (describe, close)]
for thread in threads:
    thread.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
for thread in threads:
    thread.join()
