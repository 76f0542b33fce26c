"""A loop asks for the end of a child that is parked."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "busy-loop"
# confidence = ["likely", "possible"]
# functions = ["reap"]
# ///

import os
import signal


def reap(child):
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        pass


child = os.fork()
if not child:
    signal.pause()
os.write(1, b"READY %d\n" % os.getpid())
reap(child)
