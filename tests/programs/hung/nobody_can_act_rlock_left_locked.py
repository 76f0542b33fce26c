"""A thread ends with an RLock taken; a later one, idle, has its id and so looks like the owner."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# or_rule = "orphaned-lock"
# confidence = "proven"
# functions = ["deliver"]
# ///

import os
import queue
import threading

lock = threading.RLock()
work = queue.Queue()


def fail():
    lock.acquire()


def serve():
    while True:
        work.get()


def deliver():
    with lock:
        work.put(1)


first = threading.Thread(target=fail)
first.start()
first.join()
threading.Thread(target=serve, name="later").start()
threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
deliver()
