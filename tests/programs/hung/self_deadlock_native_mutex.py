"""A native mutex is taken twice by one thread; the GIL is free."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "self-deadlock"
# confidence = "proven"
# functions = ["enter"]
# ///

import ctypes
import os
import threading
import time

MUTEX = ctypes.create_string_buffer(64)
LIBRARY = ctypes.CDLL(None)


def enter():
    LIBRARY.pthread_mutex_lock(MUTEX)
    time.sleep(0.2)
    os.write(1, b"READY %d\n" % os.getpid())
    LIBRARY.pthread_mutex_lock(MUTEX)


def tick():
    while True:
        time.sleep(0.05)


threading.Thread(target=tick).start()
enter()
