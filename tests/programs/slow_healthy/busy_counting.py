"""Counts: the only state is one number."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os

number = 0
os.write(1, b"READY %d\n" % os.getpid())
while True:
    number += 1
