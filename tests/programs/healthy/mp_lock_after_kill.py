"""A worker was killed while it waited for a multiprocessing.Lock: the lock itself is well."""

# /// diag
# verdict = "healthy"
# twin_of = ["dead-holder"]
# ///

import multiprocessing
import os
import signal
import time


def write(lock, held):
    with lock:
        held.set()
        while True:
            time.sleep(0.2)


def read(lock):
    with lock:
        pass


def main():
    context = multiprocessing.get_context("fork")
    lock, held = context.Lock(), context.Event()
    context.Process(target=write, args=(lock, held)).start()
    held.wait()
    reader, other = [context.Process(target=read, args=(lock,)) for _ in range(2)]
    reader.start()
    other.start()
    time.sleep(0.3)
    os.kill(reader.pid, signal.SIGKILL)
    reader.join()
    os.write(1, b"READY %d\n" % os.getpid())
    other.join()


main()
