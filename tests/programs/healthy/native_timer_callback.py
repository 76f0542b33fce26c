"""A timer of the C library has a thread of its own; it will call Python, which gives the lock back."""

# /// diag
# verdict = "healthy"
# twin_of = ["self-deadlock"]
# ///

import ctypes
import os
import threading

SIGEV_THREAD = 2
CLOCK_MONOTONIC = 1


class SigEvent(ctypes.Structure):
    _fields_ = [
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("attributes", ctypes.c_void_p),
        ("rest", ctypes.c_char * 32),
    ]


lock = threading.Lock()


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def fired(_):
    lock.release()


event = SigEvent(0, 0, SIGEV_THREAD, ctypes.cast(fired, ctypes.c_void_p).value, None)
library = ctypes.CDLL("librt.so.1")
timer = ctypes.c_void_p()
if library.timer_create(CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)):
    raise OSError("no timer")
library.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 0, 3600, 0), None)
lock.acquire()
os.write(1, b"READY %d\n" % os.getpid())
lock.acquire()
