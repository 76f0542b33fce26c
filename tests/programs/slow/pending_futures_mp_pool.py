"""apply_async() in a loop: the queue of tasks keeps every row until a worker has room."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "pending-futures"
# confidence = "likely"
# functions = ["migrate"]
# ///

import multiprocessing
import os
import time


class Row:
    def __init__(self):
        self.cells = [os.urandom(100_000) for _ in range(4)]


def convert(row):
    time.sleep(0.2)
    return len(row.cells)


def migrate(pool):
    pending = [pool.apply_async(convert, (Row(),)) for _ in range(250)]
    os.write(1, b"READY %d\n" % os.getpid())
    for result in pending:
        result.get()


if __name__ == "__main__":
    with multiprocessing.Pool(2) as workers:
        migrate(workers)
