"""At exit the feeder thread of a multiprocessing.Queue is stuck: its consumer was killed, and the pipe is full."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# or_rule = "pipe-child-cycle"
# confidence = "proven"
# functions = []
# ///

import multiprocessing
import os
import signal
import threading
import time


def consume(results):
    time.sleep(3600)


def main():
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    consumer = context.Process(target=consume, args=(results,))
    consumer.start()
    results.put("x" * 1_000_000)
    os.kill(consumer.pid, signal.SIGKILL)
    consumer.join()
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()


main()
