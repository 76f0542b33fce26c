"""A thread that C started runs a function of Python, which sleeps in C before it gives the lock back."""

# /// diag
# verdict = "healthy"
# twin_of = ["self-deadlock"]
# ///

import ctypes
import os
import threading

libc = ctypes.CDLL(None)
lock = threading.Lock()
lock.acquire()


@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
def later(_):
    libc.sleep(3600)
    lock.release()


thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, later, None)
os.write(1, b"READY %d\n" % os.getpid())
lock.acquire()
