"""Two children take two multiprocessing.Locks in opposite order, by acquire(); the parent goes on.

It has both locks, so it could release them.
"""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "likely"
# functions = ["move"]
# ///

import multiprocessing
import os
import time


def move(first, second, both):
    first.acquire()
    both.wait()
    second.acquire()
    second.release()
    first.release()


def main():
    context = multiprocessing.get_context("fork")
    stock, orders, both = context.Lock(), context.Lock(), context.Barrier(3)
    for pair in ((stock, orders), (orders, stock)):
        context.Process(target=move, args=(*pair, both)).start()
    both.wait()
    time.sleep(0.5)
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        time.sleep(0.1)


if __name__ == "__main__":
    main()
