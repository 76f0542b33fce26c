"""Each task in a process of its own, three at a time: children come and go, no pool is remade."""

# /// diag
# verdict = "healthy"
# twin_of = ["pool-recreated", "descriptor-exhaustion"]
# look_s = 4.0
# ///

import multiprocessing
import os
import time


def convert(cluster):
    rows = [os.urandom(100_000) for _ in range(cluster)]
    time.sleep(0.1)
    return len(rows)


def main():
    context = multiprocessing.get_context("fork")
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        clusters = [context.Process(target=convert, args=(30,)) for _ in range(3)]
        for cluster in clusters:
            cluster.start()
        for cluster in clusters:
            cluster.join()


main()
