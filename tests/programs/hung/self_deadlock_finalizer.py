"""An object's __del__ takes the plain Lock that the code which drops the object holds."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["__del__"]
# ///

import os
import threading

pool = threading.Lock()


class Connection:
    def __del__(self):
        with pool:
            pass


def replace(connections):
    with pool:
        connections[0] = None


threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
replace([Connection()])
