"""Two threads enter two Conditions with plain locks in opposite order; the main thread works on."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["fill", "drain"]
# ///

import os
import threading
import time

full = threading.Condition(threading.Lock())
empty = threading.Condition(threading.Lock())
both = threading.Barrier(2)


def fill():
    with full:
        both.wait()
        with empty:
            empty.notify()


def drain():
    with empty:
        both.wait()
        with full:
            full.notify()


for work in (fill, drain):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
