"""A handler of Ctrl-C takes the plain Lock that the code it interrupted holds."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["save_state"]
# ///

import os
import signal
import threading

state = threading.Lock()


def save_state(_number, _frame):
    with state:
        pass


def main():
    signal.signal(signal.SIGINT, save_state)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    with state:
        os.kill(os.getpid(), signal.SIGINT)


main()
