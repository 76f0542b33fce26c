"""Two threads take a lock each, try the other one for a moment, and give way to each other."""

# /// diag
# verdict = "degraded"
# look_s = 2.0
# [[finding]]
# rule = "live-lock"
# confidence = "possible"
# functions = ["deliver"]
# ///

import os
import threading
import time

van, driver = threading.Lock(), threading.Lock()
TICK_S = 0.25


def deliver(first, second):
    while True:
        time.sleep(TICK_S - time.monotonic() % TICK_S)
        with first:
            time.sleep(0.1)
            if second.acquire(timeout=0.01):
                second.release()
                return
            time.sleep(0.05)


threads = [threading.Thread(target=deliver, args=pair) for pair in ((van, driver), (driver, van))]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
