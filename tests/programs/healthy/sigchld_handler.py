"""The main thread is parked on an Event that a SIGCHLD handler sets."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import signal
import subprocess
import threading

ended = threading.Event()
signal.signal(signal.SIGCHLD, lambda *_: ended.set())
child = subprocess.Popen(["sleep", "3600"])
os.write(1, b"READY %d\n" % os.getpid())
ended.wait()
