"""A thread joins another while it holds the RLock that the other needs to end."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["stop", "run"]
# ///

import os
import threading

state = threading.RLock()
stopping = threading.Event()


def run():
    stopping.wait()
    with state:
        pass


def stop(worker):
    with state:
        stopping.set()
        worker.join()


worker = threading.Thread(target=run, name="worker")
worker.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
stop(worker)
