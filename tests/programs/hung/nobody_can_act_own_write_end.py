"""A reader waits for the end of a pipe whose write end it has open itself."""

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


def main():
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write_end, b"result")
        os._exit(0)
    os.waitpid(child, 0)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    read_all(read_end)


main()
