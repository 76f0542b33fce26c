"""Two processes take two locks of multiprocessing in opposite order: start method, kind of lock."""

# /// diag
# verdict = "hung"
# runs = [["fork", "Lock"], ["forkserver", "Lock"], ["spawn", "RLock"]]
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["move"]
# ///

import multiprocessing
import os
import sys
import threading


def move(first, second, mine, other):
    with first:
        mine.set()
        other.wait()
        with second:
            pass


def main(method, kind):
    context = multiprocessing.get_context(method)
    stock, orders = getattr(context, kind)(), getattr(context, kind)()
    left, right = context.Event(), context.Event()
    workers = [
        context.Process(target=move, args=(stock, orders, left, right)),
        context.Process(target=move, args=(orders, stock, right, left)),
    ]
    for worker in workers:
        worker.start()
    left.wait()
    right.wait()
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
