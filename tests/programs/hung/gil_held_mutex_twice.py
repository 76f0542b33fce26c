"""A thread takes a native mutex twice with the GIL in hand; all others starve."""

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
HOLDING = ctypes.PyDLL(None)  # does not release the GIL around calls


def enter():
    HOLDING.pthread_mutex_lock(MUTEX)
    time.sleep(0.2)
    subprocess.run(["sh", "-c", f"(sleep 0.8; echo READY {os.getpid()}) &"], check=True)
    HOLDING.pthread_mutex_lock(MUTEX)


def tick():
    while True:
        time.sleep(0.05)


threading.Thread(target=tick).start()
enter()
