"""When the pool breaks, whoever was in it is tried again alone; who breaks it again is set aside.

The old pool is waited for before there is a new one (`with`), so that nothing piles up.
"""

import json
import os
import signal
from concurrent.futures.process import BrokenProcessPool

from orders import LIFE_S, ORDERS, new_pool, render

TRIES_ALONE = 2


def render_together(orders):
    """Return (done, suspects): a suspect was under way or waiting when the pool broke."""
    done, suspects = [], []
    with new_pool() as pool:
        futures = {order: pool.submit(render, order) for order in orders}
        for order, future in futures.items():
            try:
                future.result()
                done.append(order)
            except BrokenProcessPool:
                suspects.append(order)
    return done, suspects


def render_alone(order):
    """Return (whether it was done, pools used)."""
    for attempt in range(1, TRIES_ALONE + 1):
        with new_pool() as pool:
            try:
                pool.submit(render, order).result()
            except BrokenProcessPool:
                continue
            return True, attempt
    return False, TRIES_ALONE


def main():
    signal.alarm(LIFE_S)
    done, set_aside, pools = [], [], 0
    waiting = list(range(ORDERS))
    while waiting:
        finished, suspects = render_together(waiting[:4])
        pools += 1
        done += finished
        waiting = waiting[4:]
        for order in suspects:
            good, used = render_alone(order)
            pools += used
            (done if good else set_aside).append(order)
        if suspects:
            print("READY", os.getpid(), flush=True)
    result = {"done": len(done), "pools": pools, "set_aside": len(set_aside)}
    print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
