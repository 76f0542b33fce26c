"""A sleeping child under strace."""

# /// diag
# verdict = "healthy"
# needs = ["strace"]
# ///

import os
import subprocess

tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "sleep", "3600"])
os.write(1, b"READY %d\n" % os.getpid())
tracer.wait()
