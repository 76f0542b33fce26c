"""An invoice service renders documents in a multiprocessing.Pool, and a worker is killed.

The pool starts another worker, but the task died with the old one: its result
never comes, and map() waits for it for ever.
"""

import ctypes
import multiprocessing
import os
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself
ORDERS = 12
HUGE = 5
PR_SET_PDEATHSIG = 1


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does


def render(order):
    if order == HUGE:
        os.kill(os.getpid(), signal.SIGKILL)  # what the kernel does when memory is out
    time.sleep(0.05)
    return f"invoice {order}"


def render_all(orders):
    with multiprocessing.get_context("fork").Pool(2, initializer=start_worker) as pool:
        threading.Timer(1.0, print, ("READY", os.getpid()), {"flush": True}).start()
        return pool.map(render, orders, chunksize=1)


def main():
    signal.alarm(LIFE_S)
    print("RESULT", len(render_all(range(ORDERS))), flush=True)


if __name__ == "__main__":
    main()
