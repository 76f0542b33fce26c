"""A daemon that does its work in signal handlers and sleeps in signal.pause()."""

# /// diag
# verdict = "healthy"
# ///

import os
import signal

signal.signal(signal.SIGHUP, lambda *_: None)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
os.write(1, b"READY %d\n" % os.getpid())
while True:
    signal.pause()
