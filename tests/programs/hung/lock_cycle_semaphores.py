"""Two threads take two Semaphores in opposite order, by `with`; the main thread goes on."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "likely"
# functions = ["upload", "download"]
# ///

import os
import threading
import time

disk, network = threading.Semaphore(1), threading.BoundedSemaphore(1)
both = threading.Barrier(2)


def upload():
    with disk:
        both.wait()
        with network:
            pass


def download():
    with network:
        both.wait()
        with disk:
            pass


for work in (upload, download):
    threading.Thread(target=work, name=work.__name__, daemon=True).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
