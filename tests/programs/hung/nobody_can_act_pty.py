"""A child asks for a password on its terminal, and the parent that drives it waits for more output."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["drive", "ask"]
# ///

import os
import pty
import threading


def ask():
    input("Password: ")


def drive(master):
    seen = b""
    while b"login ok" not in seen:
        seen += os.read(master, 100)


pid, master = pty.fork()
if pid == 0:
    ask()
    os._exit(0)
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
drive(master)
