"""A thread ended without giving a native mutex back."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["enter"]
# ///

import ctypes
import os
import threading

LIBRARY = ctypes.CDLL(None)
MUTEX = ctypes.create_string_buffer(64)


def enter():
    os.write(1, b"READY %d\n" % os.getpid())
    LIBRARY.pthread_mutex_lock(MUTEX)


owner = threading.Thread(target=LIBRARY.pthread_mutex_lock, args=(MUTEX,))
owner.start()
owner.join()
enter()
