"""A pool of threads for each request, kept for no reason."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "pool-recreated"
# confidence = "likely"
# functions = []
# ///

import os
import time
from concurrent.futures import ThreadPoolExecutor

pools = []


def handle(number):
    pools.append(ThreadPoolExecutor(2))
    return pools[-1].submit(pow, number, 2).result()


for request in range(100):
    handle(request)
    time.sleep(0.3)
    if request == 10:
        os.write(1, b"READY %d\n" % os.getpid())
