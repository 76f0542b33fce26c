"""A blocking read of a timerfd, which the kernel will end."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import ctypes
import os
import struct
import time

libc = ctypes.CDLL(None, use_errno=True)
timer = libc.timerfd_create(time.CLOCK_MONOTONIC, 0)
libc.timerfd_settime(timer, 0, struct.pack("4l", 0, 0, 3600, 0), None)
os.write(1, b"READY %d\n" % os.getpid())
os.read(timer, 8)
