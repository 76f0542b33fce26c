"""Everything is submitted at once, by far more than two workers can do."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "pending-futures"
# confidence = "likely"
# functions = ["analyse_all"]
# ///

import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed


def analyse(text):
    time.sleep(0.2)
    return len(text)


def analyse_all(pool):
    futures = {pool.submit(analyse, os.urandom(500_000)): number for number in range(300)}
    os.write(1, b"READY %d\n" % os.getpid())
    for future in as_completed(futures):
        future.result()


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as executor:
        analyse_all(executor)
