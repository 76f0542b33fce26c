"""One of three workers of a loky pool takes a lock twice; the others are idle."""

import os
import sys
import threading

from loky import ProcessPoolExecutor


def enter_twice():
    gate = threading.Lock()
    gate.acquire()
    gate.acquire()


def main():
    pool = ProcessPoolExecutor(3)
    list(pool.map(abs, range(9)))
    stuck = pool.submit(enter_twice)
    print("READY", os.getpid(), flush=True)
    stuck.result()


if __name__ == "__main__":
    sys.exit(main())
