"""The same job hands over a few ids at a time, and the next when one is done.

The wake-up pipe never fills, and the futures of ids that wait take no memory.
"""

import ctypes
import itertools
import json
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

LIFE_S = 120
IDS = 1_500
AHEAD = 8
PR_SET_PDEATHSIG = 1


class Model:
    """A result that is loaded where it arrives: in the manager thread of the parent."""

    def __setstate__(self, state):
        time.sleep(2.5)
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
    """Return how many were looked up."""
    pool.submit(train)
    numbers = iter(range(IDS))
    waiting = {pool.submit(look_up, number) for number in itertools.islice(numbers, AHEAD)}
    done = 0
    while waiting:
        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        done += len(finished)
        for number in itertools.islice(numbers, len(finished)):
            waiting.add(pool.submit(look_up, number))
    return done


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=context, initializer=start_worker) as pool:
        pool.submit(look_up, 0).result()
        threading.Timer(0.3, print, ("READY", os.getpid()), {"flush": True}).start()
        done = feed(pool)
    print("RESULT", json.dumps({"done": done}), flush=True)


if __name__ == "__main__":
    main()
