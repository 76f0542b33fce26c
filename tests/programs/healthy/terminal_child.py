"""A shell that waits at a terminal, started by a program that waits for it."""

# /// diag
# verdict = "healthy"
# stdin = "terminal"
# ///

import os
import subprocess

shell = subprocess.Popen(["sh", "-c", "read answer"])
os.write(1, b"READY %d\n" % os.getpid())
shell.wait()
