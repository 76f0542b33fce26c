"""os.fork and waitpid, with a result larger than the pipe between them."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "pipe-child-cycle"
# confidence = "proven"
# functions = ["measure", "gather"]
# ///

import os
import threading


def measure(write_end):
    os.write(write_end, b"x" * 1_000_000)


def gather(child, read_end):
    os.waitpid(child, 0)
    return os.read(read_end, 1_000_000)


def main():
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        measure(write_end)
        os._exit(0)
    os.close(write_end)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    gather(child, read_end)


main()
