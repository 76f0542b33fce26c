"""A program that waits in open() for someone to write into its named pipe."""

# /// diag
# verdict = "healthy"
# ///

import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "commands")
os.mkfifo(path)
os.write(1, b"READY %d\n" % os.getpid())
with open(path) as commands:
    commands.read()
