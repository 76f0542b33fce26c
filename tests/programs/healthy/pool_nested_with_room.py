"""Tasks wait for tasks of their own pool; one worker is left, and works the queue off slowly."""

# /// diag
# verdict = "healthy"
# twin_of = ["pool-saturated"]
# ///

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(3)
started = threading.Barrier(3)


def load_image():
    time.sleep(3)


def load_page():
    started.wait()
    return [image.result() for image in [pool.submit(load_image) for _ in range(20)]]


pages = [pool.submit(load_page) for _ in range(2)]
started.wait()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
print([page.result() for page in pages])
