"""Four worker processes each compute in four threads: sixteen threads for a few CPUs.

Numeric libraries do this by themselves: they start one thread for each CPU of the
machine, in every process. Hashing large blocks stands for them: it releases the
interpreter lock.
"""

import ctypes
import hashlib
import json
import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120
WORKERS = 4
THREADS = 4
BLOCKS = 900
BLOCK = bytes(1_000_000)
PR_SET_PDEATHSIG = 1


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does


def hash_block(_number):
    return hashlib.sha256(BLOCK).digest()


def compute(blocks):
    with ThreadPoolExecutor(THREADS) as pool:
        return len(list(pool.map(hash_block, range(blocks))))


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    with context.Pool(WORKERS, initializer=start_worker) as pool:
        started = time.monotonic()
        shares = pool.map_async(compute, [BLOCKS // WORKERS] * WORKERS * 3, chunksize=1)
        print("READY", os.getpid(), flush=True)
        done = sum(shares.get())
    seconds = time.monotonic() - started
    result = {"done": done, "threads": WORKERS * THREADS, "blocks_per_s": round(done / seconds)}
    print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
