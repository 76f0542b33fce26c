"""The parent waits for a shell whose child sleeps."""

# /// diag
# verdict = "healthy"
# ///

import os
import subprocess

shell = subprocess.Popen(["sh", "-c", "sleep 3600; true"])
os.write(1, b"READY %d\n" % os.getpid())
shell.wait()
