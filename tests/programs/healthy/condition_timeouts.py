"""Threads wait on conditions and events with time-outs."""

# /// diag
# verdict = "healthy"
# ///

import os
import queue
import threading

changed = threading.Condition()


def watch():
    while True:
        with changed:
            changed.wait(timeout=0.7)


def poll(jobs):
    while True:
        try:
            jobs.get(timeout=3600)
        except queue.Empty:
            pass


threading.Thread(target=watch, daemon=True).start()
poller = threading.Thread(target=poll, args=(queue.Queue(),))
poller.start()
os.write(1, b"READY %d\n" % os.getpid())
poller.join()
