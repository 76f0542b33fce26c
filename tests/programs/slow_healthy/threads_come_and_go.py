"""Many threads that start and end all the time."""

# /// diag
# verdict = "healthy"
# look_s = 4.0
# twin_of = ["thread-growth"]
# ///

import os
import threading
import time


def handle():
    time.sleep(3.0)


for _ in range(50):
    threading.Thread(target=handle).start()
os.write(1, b"READY %d\n" % os.getpid())
while True:
    threading.Thread(target=handle).start()
    time.sleep(0.05)
