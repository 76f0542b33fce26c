"""A child, not Python, reads the same stdin as a user would type into."""

# /// diag
# verdict = "healthy"
# stdin = "pipe"
# ///

import os
import subprocess

filter_process = subprocess.Popen(["cat"], stdout=subprocess.PIPE)
os.write(1, b"READY %d\n" % os.getpid())
filter_process.stdout.read()
