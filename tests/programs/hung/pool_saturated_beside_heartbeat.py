"""A service whose heartbeat goes on, while its pool is full of tasks that wait for the pool."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "pool-saturated"
# confidence = "likely"
# functions = ["fetch_page"]
# ///

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

pool = ThreadPoolExecutor(3)
started = threading.Barrier(4)


def heartbeat():
    while True:
        time.sleep(0.05)


def fetch_image(number):
    return number


def fetch_page(number):
    started.wait()
    images = [pool.submit(fetch_image, image) for image in range(5)]
    return [image.result() for image in as_completed(images)]


threading.Thread(target=heartbeat, daemon=True).start()
pages = [pool.submit(fetch_page, number) for number in range(3)]
started.wait()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
print([page.result() for page in pages])
