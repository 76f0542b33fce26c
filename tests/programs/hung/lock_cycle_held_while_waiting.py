"""A thread waits for an item under an RLock that the producer of the item needs."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["consume", "produce"]
# ///

import os
import queue
import threading

state = threading.RLock()
items = queue.Queue()
waiting = threading.Event()


def consume():
    with state:
        waiting.set()
        items.get()


def produce():
    waiting.wait()
    with state:
        items.put("item")


threads = [threading.Thread(target=work, name=work.__name__) for work in (consume, produce)]
for thread in threads:
    thread.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
for thread in threads:
    thread.join()
