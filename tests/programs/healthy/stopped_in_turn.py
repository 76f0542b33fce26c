"""A supervisor stops and continues its worker in turn to limit its use of the CPU."""

# /// diag
# verdict = "healthy"
# twin_of = ["stopped-process"]
# ///

import os
import signal
import time

worker = os.fork()
if worker == 0:
    while True:
        sum(range(10_000))
os.write(1, b"READY %d\n" % os.getpid())
while True:
    os.kill(worker, signal.SIGSTOP)
    time.sleep(0.15)
    os.kill(worker, signal.SIGCONT)
    time.sleep(0.05)
