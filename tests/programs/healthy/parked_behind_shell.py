"""A shell waits for a program that is parked on an Event beside an idle pool."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# still = true
# ///

import os
import sys

PROGRAM = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(2)
list(pool.map(str, range(8)))
os.write(1, b"READY %d\\n" % os.getppid())
threading.Event().wait()
"""
os.execvp("sh", ["sh", "-c", '"$0" -c "$1"; true', sys.executable, PROGRAM])
