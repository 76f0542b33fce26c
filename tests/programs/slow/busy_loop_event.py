"""A loop asks, through a method of the program, for an event that nobody sets."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "busy-loop"
# confidence = ["likely", "possible"]
# functions = ["wait_until_up"]
# ///

import os
import threading


class Service:
    def __init__(self):
        self.up = threading.Event()

    def is_up(self):
        return self.up.is_set()

    def wait_until_up(self):
        while not self.is_up():
            continue


os.write(1, b"READY %d\n" % os.getpid())
Service().wait_until_up()
