"""signal.pause() that an interval timer wakes."""

# /// diag
# verdict = "healthy"
# ///

import os
import signal

signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 5, 5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    signal.pause()
