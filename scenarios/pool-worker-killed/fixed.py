"""The same service on ProcessPoolExecutor, which says when a worker dies.

What was not done by then is done one by one; the order that kills its worker even
when alone is set aside.
"""

import ctypes
import json
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

LIFE_S = 120
ORDERS = 24
HUGE = 5
PR_SET_PDEATHSIG = 1


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does


def render(order):
    time.sleep(0.2)
    if order == HUGE:
        os.kill(os.getpid(), signal.SIGKILL)  # what the kernel does when memory is out
    return f"invoice {order}"


def new_pool(workers):
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker)


def render_together(orders):
    """Return what was rendered before the first worker died."""
    done = {}
    with new_pool(2) as pool:
        futures = {order: pool.submit(render, order) for order in orders}
        for order, future in futures.items():
            try:
                done[order] = future.result()
            except BrokenProcessPool:
                continue
    return done


def render_one_by_one(orders):
    done, set_aside = {}, []
    waiting = list(orders)
    while waiting:
        with new_pool(1) as pool:
            try:
                while waiting:
                    done[waiting[0]] = pool.submit(render, waiting[0]).result()
                    waiting.pop(0)
            except BrokenProcessPool:
                set_aside.append(waiting.pop(0))
    return done, set_aside


def main():
    signal.alarm(LIFE_S)
    done = render_together(range(ORDERS))
    threading.Timer(0.3, print, ("READY", os.getpid()), {"flush": True}).start()
    more, set_aside = render_one_by_one(order for order in range(ORDERS) if order not in done)
    result = {"done": len(done) + len(more), "set_aside": set_aside}
    print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
