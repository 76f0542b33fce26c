"""Each request makes an executor of its own, keeps it, and never shuts it down."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "pool-recreated"
# confidence = "likely"
# functions = ["serve", "handle", "<module>"]
# ///

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

requests = []


def handle(number):
    executor = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork"))
    requests.append((number, executor))
    return executor.submit(pow, number, 2).result()


def serve():
    for number in range(60):
        handle(number)
        time.sleep(0.5)
        if number == 6:
            os.write(1, b"READY %d\n" % os.getpid())


if __name__ == "__main__":
    serve()
