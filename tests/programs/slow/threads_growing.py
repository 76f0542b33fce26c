"""A thread is started for each message and waits for ever."""

# /// diag
# verdict = "degraded"
# look_s = 4.0
# [[finding]]
# rule = "thread-growth"
# confidence = "likely"
# functions = ["main", "start"]
# ///

import os
import threading
import time


def handle():
    threading.Event().wait()


def main():
    for _ in range(45):
        threading.Thread(target=handle, daemon=True).start()
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        threading.Thread(target=handle, daemon=True).start()
        time.sleep(0.1)


main()
