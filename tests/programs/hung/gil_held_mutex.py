"""A thread waits for a native mutex with the GIL in hand; the owner of the mutex wants the GIL."""

# /// diag
# verdict = "hung"
# live = true
# needs = ["sh", "sleep"]
# [[finding]]
# rule = "gil-held"
# confidence = "proven"
# functions = ["enter"]
# ///

import ctypes
import os
import subprocess
import threading
import time

MUTEX = ctypes.create_string_buffer(64)
LIBRARY = ctypes.CDLL(None)  # releases the GIL around calls
HOLDING = ctypes.PyDLL(None)  # does not
taken = threading.Event()


def own():
    LIBRARY.pthread_mutex_lock(MUTEX)
    taken.set()
    time.sleep(0.5)
    LIBRARY.pthread_mutex_unlock(MUTEX)


def enter():
    taken.wait()
    subprocess.run(["sh", "-c", f"(sleep 0.8; echo READY {os.getpid()}) &"], check=True)
    HOLDING.pthread_mutex_lock(MUTEX)


threading.Thread(target=own).start()
enter()
