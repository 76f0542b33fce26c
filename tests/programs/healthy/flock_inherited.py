"""Who took the file lock has ended, but its child inherited the open file and with it the lock."""

# /// diag
# verdict = "healthy"
# twin_of = ["dead-holder"]
# ///

import fcntl
import os
import tempfile
import time

path = os.path.join(tempfile.mkdtemp(), "app.lock")
taker = os.fork()
if taker == 0:
    lock = open(path, "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.fork() == 0:
        time.sleep(3600)
    os._exit(0)
os.waitpid(taker, 0)
with open(path, "w") as lock:
    os.write(1, b"READY %d\n" % os.getpid())
    fcntl.flock(lock, fcntl.LOCK_EX)
