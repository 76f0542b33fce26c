"""A pool thread takes a plain Lock twice; the others and the main thread wait behind it."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["write_row", "write_rows"]
# ///

import os
import threading
from concurrent.futures import ThreadPoolExecutor

table = threading.Lock()


def write_row(row):
    with table:
        return row


def write_rows(rows):
    with table:
        return [write_row(row) for row in rows]


with ThreadPoolExecutor(4) as pool:
    jobs = [pool.submit(write_rows, range(3)) for _ in range(4)]
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    print([job.result() for job in jobs])
