"""A child waits for input on its terminal; the parent that drives it types something every hour."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import pty
import threading
import time


def type_hourly(master):
    while True:
        time.sleep(3600)
        os.write(master, b"ls\n")


pid, master = pty.fork()
if pid == 0:
    input("> ")
    os._exit(0)
threading.Thread(target=type_hourly, args=(master,), daemon=True).start()
os.write(1, b"READY %d\n" % os.getpid())
while os.read(master, 100):
    pass
