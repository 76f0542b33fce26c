"""A child that runs under a tracer (ptrace), as under strace or a debugger."""

# /// diag
# verdict = "healthy"
# twin_of = ["stopped-process", "traced-process"]
# ///

import ctypes
import os
import time

PTRACE_SEIZE = 0x4206
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

child = os.fork()
if child == 0:
    while True:
        time.sleep(0.3)
if libc.ptrace(PTRACE_SEIZE, child, None, None) != 0:
    raise OSError(ctypes.get_errno(), "ptrace")
os.write(1, b"READY %d\n" % os.getpid())
os.waitpid(child, 0)
