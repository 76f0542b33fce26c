"""The wait is three processes deep: a grandchild waits on a queue, everyone above waits for it."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["work"]
# ///

import os
import queue
import threading


def work():
    queue.SimpleQueue().get()


def supervise(depth):
    child = os.fork()
    if child == 0:
        if depth:
            supervise(depth - 1)
        else:
            work()
        os._exit(0)
    if depth == 2:
        threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


supervise(2)
