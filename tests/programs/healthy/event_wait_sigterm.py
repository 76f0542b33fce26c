"""The main thread is parked on Event().wait(); a SIGTERM handler sets it."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import queue
import signal
import threading

stop = threading.Event()
jobs = queue.Queue()


def work():
    while jobs.get() is not None:
        pass


signal.signal(signal.SIGTERM, lambda *_: stop.set())
worker = threading.Thread(target=work, name="worker", daemon=True)
worker.start()
os.write(1, b"READY %d\n" % os.getpid())
stop.wait()
