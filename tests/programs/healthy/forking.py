"""Children are forked, end and are collected, hundreds of times."""

# /// diag
# verdict = "healthy"
# ///

import os
import time

os.write(1, b"READY %d\n" % os.getpid())
while True:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    time.sleep(0.005)
