"""Four workers, each hashing in four threads with the GIL released."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "nested-parallelism"
# confidence = "proven"
# functions = ["hash_blocks", "work"]
# ///

import hashlib
import multiprocessing
import os
import threading

BLOCK = bytes(4_000_000)


def hash_blocks():
    while True:
        hashlib.sha256(BLOCK).digest()


def work(_n):
    threads = [threading.Thread(target=hash_blocks) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    with multiprocessing.get_context("fork").Pool(4) as pool:
        result = pool.map_async(work, range(4), chunksize=1)
        os.write(1, b"READY %d\n" % os.getpid())
        result.get()


main()
