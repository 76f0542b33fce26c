"""A child waits for ever, but faulthandler will end it; its parent waits for that."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import faulthandler
import os
import sys

out = sys.stdout.fileno()
reading, writing = os.pipe()
pid = os.fork()
if pid == 0:
    faulthandler.dump_traceback_later(3600, exit=True)
    os.write(out, b"READY %d\n" % os.getppid())
    os.read(reading, 1)
os.waitpid(pid, 0)
