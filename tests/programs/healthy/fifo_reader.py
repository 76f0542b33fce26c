"""A reader of a named pipe that some other program will write to."""

# /// diag
# verdict = "healthy"
# ///

import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "commands")
os.mkfifo(path)
commands = os.open(path, os.O_RDWR)
os.write(1, b"READY %d\n" % os.getpid())
os.read(commands, 100)
