"""A thread takes its RLock twice, and keeps it while it sleeps; another waits for it."""

# /// diag
# verdict = "healthy"
# twin_of = ["self-deadlock"]
# ///

import os
import threading
import time

table = threading.RLock()
held = threading.Event()


def write_row():
    with table:
        held.set()
        time.sleep(3600)


def write_rows():
    with table:
        write_row()


threading.Thread(target=write_rows, daemon=True).start()
held.wait()
os.write(1, b"READY %d\n" % os.getpid())
with table:
    pass
