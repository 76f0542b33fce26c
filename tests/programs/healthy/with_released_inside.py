"""A thread gives its lock back within its `with`, waits for another one, and takes it again."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import os
import threading
import time

lock = threading.Lock()
taken = threading.Event()


def holder():
    lock.acquire()
    taken.set()
    time.sleep(3600)


def follower():
    taken.wait()
    lock.acquire()


def leader():
    with lock:
        lock.release()
        threading.Thread(target=holder, daemon=True).start()
        late = threading.Thread(target=follower, daemon=True)
        late.start()
        late.join()
        lock.acquire()


threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
leader()
