"""A thread took a plain Lock without 'with', failed, and ended without giving it back."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# or_rule = "self-deadlock"
# confidence = "proven"
# functions = ["write_row"]
# ///

import os
import sys
import threading

table = threading.Lock()


def write_row():
    table.acquire()
    sys.exit("disk full")


failing = threading.Thread(target=write_row)
failing.start()
failing.join()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
write_row()
