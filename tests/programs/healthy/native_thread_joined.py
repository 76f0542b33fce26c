"""The main thread waits, in C, for the end of a thread that sleeps in the C library."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import ctypes
import os

libc = ctypes.CDLL(None)
thread = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, libc.sleep, ctypes.c_void_p(3600))
os.write(1, b"READY %d\n" % os.getpid())
libc.pthread_join(thread, None)
