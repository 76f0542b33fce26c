"""A module that hangs when it is imported."""

import threading

LOCK = threading.Lock()
with LOCK:
    LOCK.acquire()


def test_never_collected():
    pass
