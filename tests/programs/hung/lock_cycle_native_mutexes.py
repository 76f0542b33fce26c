"""Two native mutexes, as of a C library, taken in opposite order."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["forward", "backward"]
# ///

import ctypes
import os
import threading

LIBRARY = ctypes.CDLL(None)
ONE, OTHER = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
both = threading.Barrier(2)


def forward():
    LIBRARY.pthread_mutex_lock(ONE)
    both.wait()
    os.write(1, b"READY %d\n" % os.getpid())
    LIBRARY.pthread_mutex_lock(OTHER)


def backward():
    LIBRARY.pthread_mutex_lock(OTHER)
    both.wait()
    LIBRARY.pthread_mutex_lock(ONE)


threading.Thread(target=forward).start()
backward()
