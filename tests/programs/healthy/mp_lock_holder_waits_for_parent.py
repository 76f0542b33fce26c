"""A child holds a lock by `with` until its parent, which works, sets an event; another one waits."""

# /// diag
# verdict = "healthy"
# twin_of = ["lock-cycle"]
# ///

import multiprocessing
import os
import time


def hold(lock, taken, done):
    with lock:
        taken.set()
        done.wait()


def follow(lock):
    with lock:
        pass


def main():
    context = multiprocessing.get_context("fork")
    lock, taken, done = context.Lock(), context.Event(), context.Event()
    children = [context.Process(target=hold, args=(lock, taken, done))]
    children.append(context.Process(target=follow, args=(lock,)))
    children[0].start()
    taken.wait()
    children[1].start()
    time.sleep(0.5)
    os.write(1, b"READY %d\n" % os.getpid())
    time.sleep(3600)
    done.set()


if __name__ == "__main__":
    main()
