"""A tracer has stopped a child and does not let it go on."""

# /// diag
# verdict = "degraded"
# still = true
# [[finding]]
# rule = "traced-process"
# confidence = "proven"
# functions = ["<module>"]
# ///

import ctypes
import os
import time

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

child = os.fork()
if child == 0:
    while True:
        time.sleep(0.1)
for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
    if libc.ptrace(request, child, None, None) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
os.waitpid(child, 0x40000000)  # __WALL: until it has stopped
os.write(1, b"READY %d\n" % os.getpid())
time.sleep(600)
