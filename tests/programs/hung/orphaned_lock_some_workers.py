"""Two of three forked workers hang on an inherited lock; the third and the parent go on."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["use_connection"]
# ///

import os
import threading
import time

connection_lock = threading.RLock()
held = threading.Event()


def keep_alive():
    with connection_lock:
        held.set()
        time.sleep(3600)


def use_connection():
    with connection_lock:
        pass


def main():
    threading.Thread(target=keep_alive, name="keep-alive", daemon=True).start()
    held.wait()
    for number in range(3):
        if os.fork() == 0:
            if number < 2:
                use_connection()
            while True:
                time.sleep(0.05)
    time.sleep(0.5)
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        time.sleep(0.1)


main()
