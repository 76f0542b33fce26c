"""A task kills its worker, the pool is made anew, the same task comes first again.

The other worker takes its time to end, so the old pools add up; from 3.12 on shutdown() waits
for that, and often nothing is seen but that a worker died.
"""

# /// diag
# verdict = "degraded"
# look_s = 5.0
# [[finding]]
# rule = "pool-recreated"
# or_rule = "worker-died"
# confidence = ["likely", "proven"]
# functions = []
# [[finding]]
# rule = "worker-died"
# or_rule = "pool-recreated"
# confidence = ["likely", "proven"]
# functions = []
# ///

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool


def start():
    signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1.5), os._exit(0)))


def convert(row):
    if row == 3:
        os._exit(3)  # as native code does that gives up
    time.sleep(0.05)
    return row


def new_pool():
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(2, mp_context=context, initializer=start)


def convert_all():
    pool, pools = new_pool(), 1
    while True:
        try:
            futures = [pool.submit(convert, row) for row in (3, 4)]
            for future in futures:
                future.result()
        except BrokenProcessPool:
            if pools == 4:
                os.write(1, b"READY %d\n" % os.getpid())
            pool.shutdown(wait=False)
            time.sleep(0.2)
            pool, pools = new_pool(), pools + 1


if __name__ == "__main__":
    convert_all()
