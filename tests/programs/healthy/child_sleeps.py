"""The parent waits for a child that sleeps."""

# /// diag
# verdict = "healthy"
# twin_of = ["pipe-child-cycle"]
# ///

import os
import time

os.write(1, b"READY %d\n" % os.getpid())
child = os.fork()
if child == 0:
    time.sleep(3600)
os.waitpid(child, 0)
