"""Threads fail before one sets the Event that the main thread waits for.

A main thread may be parked on an Event: that they have ended makes it likely only.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "likely"
# functions = ["load_all"]
# ///

import os
import threading


def load(loaded):
    os.write(1, b"READY %d\n" % os.getpid())
    raise ValueError("no such file")
    loaded.set()


def load_all():
    loaded = threading.Event()
    loaders = [threading.Thread(target=load, args=(loaded,)) for _ in range(2)]
    for loader in loaders:
        loader.start()
    loaded.wait()


load_all()
