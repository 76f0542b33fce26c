"""Small arguments, large results, and a list that keeps every future with its result."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "pending-futures"
# confidence = "likely"
# functions = ["<module>", "fetch_all"]
# ///

import os
import time
from concurrent.futures import ThreadPoolExecutor

ENOUGH = 90


def fetch(number):
    time.sleep(0.01 if number < ENOUGH else 0.3)
    return os.urandom(1_000_000)


def fetch_all():
    futures[ENOUGH].result()
    os.write(1, b"READY %d\n" % os.getpid())
    for future in futures:
        future.result()


executor = ThreadPoolExecutor(2)
futures = [executor.submit(fetch, number) for number in range(400)]
fetch_all()
