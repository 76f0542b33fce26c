"""A child waits for a line from another program that never writes; its parent waits for it."""

# /// diag
# verdict = "degraded"
# stdin = "pipe"
# stall_s = 2.0
# [[finding]]
# rule = "stall"
# confidence = "possible"
# functions = ["ask"]
# ///

import os
import sys


def ask():
    return sys.stdin.readline()


if os.fork() == 0:
    ask()
    os._exit(0)
print("READY", os.getpid(), flush=True)
os.wait()
