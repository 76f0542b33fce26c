"""Several pools made at the start, and one for each batch, waited for; workers are replaced."""

# /// diag
# verdict = "healthy"
# twin_of = ["pool-recreated"]
# ///

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def convert(row):
    time.sleep(0.2)
    return row


def main():
    purposes = ("mail", "images", "search", "audit", "cache", "export")
    pools = {name: ThreadPoolExecutor(2, thread_name_prefix=name) for name in purposes}
    for pool in pools.values():
        pool.submit(convert, 1).result()
    old = multiprocessing.Pool(1, maxtasksperchild=1)
    batch = 0
    while True:
        batch += 1
        with ProcessPoolExecutor(2) as workers:
            list(workers.map(convert, range(4)))
        old.apply(convert, (1,))
        if batch == 6:
            os.write(1, b"READY %d\n" % os.getpid())


if __name__ == "__main__":
    main()
