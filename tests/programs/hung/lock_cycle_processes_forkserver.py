"""Two processes (forkserver) take two multiprocessing.Locks in opposite order."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# confidence = ["proven", "likely"]  # the fork server, and so the parent, can be spoken to
# functions = ["move"]
# ///

import multiprocessing
import os
import threading


def move(first, second, mine, other):
    with first:
        mine.set()
        other.wait()
        with second:
            pass


def main():
    context = multiprocessing.get_context("forkserver")
    stock, orders = context.Lock(), context.Lock()
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
    main()
