"""A program that waits for someone to type at a terminal."""

# /// diag
# verdict = "healthy"
# stdin = "terminal"
# ///

import os
import sys

os.write(1, b"READY %d\n" % os.getpid())
sys.stdin.readline()
