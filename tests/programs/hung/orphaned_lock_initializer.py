"""The initializer of a forked pool logs, while another thread is blocked in a log call."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["initialise"]
# ///

import logging
import multiprocessing
import os
import select
import tempfile
import threading


def initialise():
    logging.info("worker starts")


def chatter():
    logging.info("x" * 300_000)


def main():
    fifo = os.path.join(tempfile.mkdtemp(), "app.log")
    os.mkfifo(fifo)
    os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    logging.basicConfig(filename=fifo, level=logging.INFO)
    os.unlink(fifo)
    os.rmdir(os.path.dirname(fifo))
    stream = logging.getLogger().handlers[0].stream
    threading.Thread(target=chatter, name="chatter", daemon=True).start()
    while select.select([], [stream.fileno()], [], 0)[1]:
        pass
    with multiprocessing.get_context("fork").Pool(3, initialise) as pool:
        threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
        print(pool.map(abs, range(10)))


main()
