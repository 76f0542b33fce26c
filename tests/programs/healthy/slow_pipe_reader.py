"""A child waits to write into a full pipe; its reader is slow but goes on."""

# /// diag
# verdict = "healthy"
# twin_of = ["pipe-child-cycle"]
# ///

import os
import time

read_end, write_end = os.pipe()
if os.fork() == 0:
    while True:
        os.write(write_end, b"x" * 100_000)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    os.read(read_end, 4096)
    time.sleep(1.5)
