"""A child waits for end-of-file, but its sibling inherited the write end."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["read_all"]
# ///

import os
import threading


def read_all(read_end):
    while os.read(read_end, 4096):
        pass


def start(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return child


def main():
    read_first, write_first = os.pipe()
    read_second, write_second = os.pipe()

    def first():
        os.close(write_first)
        os.close(write_second)
        read_all(read_first)

    def second():
        os.close(write_second)
        read_all(read_second)

    one = start(first)
    two = start(second)
    os.close(write_first)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(one, 0)
    os.close(write_second)
    os.waitpid(two, 0)


main()
