"""A multiprocessing.Lock is held by a process that sleeps; two others wait for it."""

# /// diag
# verdict = "healthy"
# twin_of = ["dead-holder"]
# ///

import multiprocessing
import os
import time


def write(lock, held):
    with lock:
        held.set()
        time.sleep(3600)


def read(lock):
    with lock:
        pass


def main():
    context = multiprocessing.get_context("fork")
    lock, held = context.Lock(), context.Event()
    context.Process(target=write, args=(lock, held)).start()
    held.wait()
    readers = [context.Process(target=read, args=(lock,)) for _ in range(2)]
    for reader in readers:
        reader.start()
    os.write(1, b"READY %d\n" % os.getpid())
    for reader in readers:
        reader.join()


main()
