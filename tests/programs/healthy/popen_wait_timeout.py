"""Popen.wait() with a time-out, in a loop."""

# /// diag
# verdict = "healthy"
# ///

import os
import subprocess

child = subprocess.Popen(["sleep", "3600"])
os.write(1, b"READY %d\n" % os.getpid())
while True:
    try:
        child.wait(timeout=1)
    except subprocess.TimeoutExpired:
        pass
