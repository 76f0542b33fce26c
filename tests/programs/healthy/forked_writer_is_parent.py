"""A parent feeds a child through a pipe now and then; a worker was started before, by spawn."""

# /// diag
# verdict = "healthy"
# twin_of = ["inherited-writer"]
# ///

import multiprocessing
import os
import subprocess
import threading
import time


def main():
    worker = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    worker.daemon = True
    worker.start()
    command = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    feeder = threading.Thread(target=feed, args=(command.stdin,), daemon=True)
    feeder.start()
    os.write(1, b"READY %d\n" % os.getpid())
    command.wait()


def feed(stream):
    while True:
        time.sleep(0.3)
        stream.write(b"log")
        stream.flush()


if __name__ == "__main__":
    main()
