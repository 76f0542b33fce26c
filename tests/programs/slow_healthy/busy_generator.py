"""Reads a generator that computes; the reader keeps nothing."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os


def numbers():
    number = 1
    while True:
        number = number * 1103515245 + 12345 & 0x7FFFFFFF
        yield number


os.write(1, b"READY %d\n" % os.getpid())
for _ in numbers():
    pass
