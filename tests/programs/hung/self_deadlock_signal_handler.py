"""A signal handler takes the plain Lock that the code it interrupted holds.

The process catches more than SIGINT, but its handler runs already: a second
signal would only stop at the same lock.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "self-deadlock"
# or_rule = "nobody-can-act"
# confidence = ["proven", "likely"]
# functions = ["reload_configuration"]
# ///

import os
import signal
import threading

configuration = threading.Lock()


def reload_configuration(_number, _frame):
    with configuration:
        pass


def main():
    signal.signal(signal.SIGUSR1, reload_configuration)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    with configuration:
        os.kill(os.getpid(), signal.SIGUSR1)


main()
