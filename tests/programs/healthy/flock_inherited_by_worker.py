"""Who took the file lock waits for its child, which inherited the lock and works."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import fcntl
import os
import tempfile
import time

path = os.path.join(tempfile.mkdtemp(), "app.lock")
read_end, write_end = os.pipe()
if os.fork() == 0:
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        worker = os.fork()
        if worker == 0:
            os.write(write_end, b"x")
            time.sleep(3600)
        os.waitpid(worker, 0)
os.read(read_end, 1)
with open(path, "w") as lock:
    os.write(1, b"READY %d\n" % os.getpid())
    fcntl.flock(lock, fcntl.LOCK_EX)
