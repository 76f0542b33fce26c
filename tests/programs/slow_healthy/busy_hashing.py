"""Hashes a long text piece by piece."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import hashlib
import os


def work():
    block, seen = b"x" * 1000, hashlib.sha256()
    while True:
        seen.update(block)
        block = seen.digest()


os.write(1, b"READY %d\n" % os.getpid())
work()
