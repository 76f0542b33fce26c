"""A job feeds a ProcessPoolExecutor while its manager thread is busy with a slow result.

submit() holds the pool's lock and writes into a wake-up pipe, which holds 16384 wake-ups.
When it is full, submit() waits for the manager thread to empty it, and before it does,
the manager thread takes the pool's lock.
"""

import ctypes
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor

LIFE_S = 120  # a hung copy of this script ends by itself
IDS = 40_000
PR_SET_PDEATHSIG = 1


class Model:
    """A result that is loaded where it arrives: in the manager thread of the parent."""

    def __setstate__(self, state):
        time.sleep(6)
        self.__dict__.update(state)


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does


def train():
    model = Model()
    model.weights = [1, 2, 3]
    return model


def look_up(number):
    return number


def feed(pool):
    futures = [pool.submit(train)]
    for number in range(IDS):
        futures.append(pool.submit(look_up, number))
    return futures


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=context, initializer=start_worker) as pool:
        pool.submit(look_up, 0).result()
        threading.Timer(8.0, print, ("READY", os.getpid()), {"flush": True}).start()
        looked_up = [future.result() for future in feed(pool)]
    print("RESULT", len(looked_up), flush=True)


if __name__ == "__main__":
    main()
