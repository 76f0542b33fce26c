"""Workers idle at a queue until the parent's SIGTERM handler puts their last item."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import multiprocessing
import os
import signal

context = multiprocessing.get_context("fork")
jobs = context.Queue()


def consume():
    while jobs.get() is not None:
        pass


workers = [context.Process(target=consume) for _ in range(2)]
for worker in workers:
    worker.start()


def stop(number, frame):
    for _ in workers:
        jobs.put(None)


signal.signal(signal.SIGTERM, stop)
os.write(1, b"READY %d\n" % os.getpid())
for worker in workers:
    worker.join()
