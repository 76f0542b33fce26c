"""Forked children log side by side into one pipe that a slow reader empties."""

# /// diag
# verdict = "healthy"
# twin_of = ["orphaned-lock"]
# ///

import logging
import os
import time

read_end, write_end = os.pipe()
for number in range(3):
    if os.fork() == 0:
        os.dup2(write_end, 2)
        logging.basicConfig(format=f"worker {number} %(message)s")
        while True:
            logging.warning("x" * 10_000)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    os.read(read_end, 65536)
    time.sleep(0.7)
