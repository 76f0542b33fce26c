"""A window of large tasks, and a backlog of many small ones: neither takes much memory."""

# /// diag
# verdict = "healthy"
# twin_of = ["pending-futures"]
# ///

import os
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor, wait

WORKERS = 2


def analyse(text):
    time.sleep(0.1)
    return text


def look_up(number):
    time.sleep(0.05)
    return number


def analyse_all(pool):
    pending = set()
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        pending.add(pool.submit(analyse, os.urandom(3_000_000)))
        if len(pending) >= 2 * WORKERS:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            done.clear()


if __name__ == "__main__":
    catalogue = ThreadPoolExecutor(2)
    numbers = [catalogue.submit(look_up, number) for number in range(5_000)]
    with ProcessPoolExecutor(WORKERS) as executor:
        analyse_all(executor)
