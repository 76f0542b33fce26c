"""C code sleeps with the GIL in hand."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "gil-held"
# confidence = "likely"
# functions = ["nap"]
# ///

import ctypes
import os
import subprocess
import threading
import time


def nap():
    subprocess.run(["sh", "-c", f"(sleep 0.8; echo READY {os.getpid()}) &"], check=True)
    ctypes.PyDLL(None).sleep(600)


def tick():
    while True:
        time.sleep(0.05)


threading.Thread(target=tick).start()
nap()
