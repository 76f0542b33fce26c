"""Threads that come, fight for locks, and go: a healthy program that never stands still."""

import os
import random
import threading
import time

from blocked import die_with_parent, in_thread, say

recursive, plain = threading.RLock(), threading.Lock()


def work():
    for _ in range(random.randrange(3, 30)):
        with recursive:
            time.sleep(0.0005)
        with plain:
            time.sleep(0.0003)


def start_and_join():
    while True:
        threads = [in_thread(work) for _ in range(4)]
        for thread in threads:
            thread.join()


def burn():
    while True:
        sum(range(1000))


if __name__ == "__main__":
    die_with_parent()
    for function in (start_and_join, start_and_join, start_and_join, burn):
        in_thread(function)
    say(pid=os.getpid())
    time.sleep(1000)
