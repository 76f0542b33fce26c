"""Two threads hold a lock each from time to time, and need no other one for that."""

# /// diag
# verdict = "healthy"
# look_s = 2.0
# twin_of = ["live-lock"]
# ///

import os
import threading
import time

first, second = threading.Lock(), threading.Lock()


def work(own):
    while True:
        time.sleep(0.05)
        with own:
            time.sleep(0.05)
        with first, second:
            time.sleep(0.03)


threads = [threading.Thread(target=work, args=(own,)) for own in (first, second)]
for thread in threads:
    thread.start()
os.write(1, b"READY %d\n" % os.getpid())
for thread in threads:
    thread.join()
