"""An idle forkserver pool; the main thread sleeps until the next round."""

# /// diag
# verdict = "healthy"
# ///

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor


def main():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("forkserver")) as pool:
        list(pool.map(abs, range(20)))
        os.write(1, b"READY %d\n" % os.getpid())
        time.sleep(3600)


if __name__ == "__main__":
    main()
