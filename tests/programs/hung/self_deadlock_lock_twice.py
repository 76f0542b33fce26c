"""A method that holds a plain Lock calls another that takes it again."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["total"]
# ///

import os
import threading


class Basket:
    def __init__(self):
        self._lock = threading.Lock()

    def total(self):
        with self._lock:
            return 0

    def check_out(self):
        with self._lock:
            return self.total()


threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
Basket().check_out()
