"""Writes to a disk, over and over, and waits for it each time."""

# /// diag
# verdict = "healthy"
# twin_of = ["disk-wait"]
# ///

import os
import tempfile
import time

with tempfile.TemporaryFile() as file:
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        file.write(b"x" * 4096)
        os.fsync(file.fileno())
        time.sleep(0.01)
