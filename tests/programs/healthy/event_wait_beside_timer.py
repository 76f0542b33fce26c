"""A thread has ended, another one still has to come to the Event that the main thread waits for."""

# /// diag
# verdict = "healthy"
# still = true
# twin_of = ["nobody-can-act"]
# ///

import os
import threading
import time


def load(loaded, seconds):
    time.sleep(seconds)
    if seconds:
        loaded.set()


def main():
    loaded = threading.Event()
    quick = threading.Thread(target=load, args=(loaded, 0))
    slow = threading.Thread(target=load, args=(loaded, 600), daemon=True)
    quick.start()
    slow.start()
    quick.join()
    os.write(1, b"READY %d\n" % os.getpid())
    loaded.wait()


main()
