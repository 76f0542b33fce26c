"""A thread logs through a slow pipe while workers are forked: slow, but each line arrives."""

# /// diag
# verdict = "healthy"
# twin_of = ["orphaned-lock"]
# ///

import logging
import os
import threading
import time

read_end, write_end = os.pipe()
os.dup2(write_end, 2)
logging.basicConfig()


def drain():
    while True:
        os.read(read_end, 65536)
        time.sleep(0.2)


def chatter():
    while True:
        logging.warning("x" * 1_000)
        time.sleep(0.05)


children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        chatter()
    children.append(child)
threading.Thread(target=drain, daemon=True).start()
threading.Thread(target=chatter, daemon=True).start()
os.write(1, b"READY %d\n" % os.getpid())
for child in children:
    os.waitpid(child, 0)
