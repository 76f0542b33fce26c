"""A crash in native code breaks the pool ten times a second, and each time there is a new one."""

# /// diag
# verdict = "degraded"
# look_s = 4.0
# [[finding]]
# rule = "pool-recreated"
# or_rule = "worker-died"
# confidence = ["likely", "proven"]
# functions = []
# ///

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool


def convert(row):
    if row == 2:
        time.sleep(0.1)
        os._exit(134)  # as a shell says of SIGABRT
    time.sleep(0.4)
    return row


def convert_all():
    context = multiprocessing.get_context("fork")
    for attempt in range(10_000):
        executor = ProcessPoolExecutor(3, mp_context=context)
        if attempt == 3:
            os.write(1, b"READY %d\n" % os.getpid())
        try:
            for future in [executor.submit(convert, row) for row in range(6)]:
                future.result()
        except BrokenProcessPool:
            executor.shutdown(wait=False)


if __name__ == "__main__":
    convert_all()
