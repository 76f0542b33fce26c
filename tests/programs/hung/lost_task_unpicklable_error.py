"""A task raises an error that cannot be unpickled: the thread that takes the results ends."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lost-task"
# confidence = ["likely", "proven"]
# functions = ["main"]
# ///

import multiprocessing
import os
import threading


class RowError(Exception):
    def __init__(self, table, row):
        super().__init__(f"{table}: {row}")


def load(row):
    raise RowError("orders", row)


def main():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
        pool.map(load, range(2))


main()
