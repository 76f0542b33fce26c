"""A task ends its worker by os._exit() in a pool that replaces workers after each task."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lost-task"
# confidence = "proven"
# functions = ["main"]
# ///

import multiprocessing
import os


def work(number):
    if number == 2:
        os._exit(3)
    return number


def main():
    with multiprocessing.get_context("fork").Pool(3, maxtasksperchild=1) as pool:
        results = [pool.apply_async(work, (number,)) for number in range(5)]
        os.write(1, b"READY %d\n" % os.getpid())
        print([result.get() for result in results])


if __name__ == "__main__":
    main()
