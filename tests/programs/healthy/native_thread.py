"""A thread that Python does not know sleeps in C; the main thread waits on a lock."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import ctypes
import os
import threading

libc = ctypes.CDLL(None)
thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, libc.sleep, ctypes.c_void_p(3600))
lock = threading.Lock()
lock.acquire()
os.write(1, b"READY %d\n" % os.getpid())
lock.acquire()
