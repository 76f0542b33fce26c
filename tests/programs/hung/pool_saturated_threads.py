"""A task waits for a future of its own pool, whose threads are all such tasks."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "pool-saturated"
# confidence = "proven"
# functions = ["load_page"]
# ///

import os
import threading
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)
started = threading.Barrier(3)


def load_image():
    return b""


def load_page():
    started.wait()
    return pool.submit(load_image).result()


pages = [pool.submit(load_page) for _ in range(2)]
started.wait()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
print([page.result() for page in pages])
