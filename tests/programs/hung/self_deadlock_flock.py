"""A process locks the same file twice with flock, through two descriptors."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["write_row"]
# ///

import fcntl
import os
import tempfile
import threading


def write_row(path):
    with open(path, "a") as table:
        fcntl.flock(table, fcntl.LOCK_EX)


def write_rows(path):
    with open(path, "a") as table:
        fcntl.flock(table, fcntl.LOCK_EX)
        write_row(path)


threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
write_rows(os.path.join(tempfile.mkdtemp(), "table"))
