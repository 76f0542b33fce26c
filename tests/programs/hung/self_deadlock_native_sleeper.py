"""A thread that Python does not know sleeps in the C library; the main thread takes a lock twice.

All that the other thread will do is to return from its sleep, and end.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# confidence = "proven"
# functions = ["settle"]
# ///

import ctypes
import os
import threading

libc = ctypes.CDLL(None)
thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, libc.sleep, ctypes.c_void_p(3600))
lock = threading.Lock()


def settle():
    lock.acquire()
    os.write(1, b"READY %d\n" % os.getpid())
    lock.acquire()


settle()
