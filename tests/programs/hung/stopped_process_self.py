"""The program stopped itself, as Ctrl-Z or a background read of the terminal does."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "stopped-process"
# confidence = ["proven", "likely"]
# functions = []
# ///

import os
import signal

os.write(1, b"READY %d\n" % os.getpid())
os.kill(os.getpid(), signal.SIGSTOP)
