"""subprocess with a preexec_fn that logs, while another thread is blocked in a log call."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["announce"]
# ///

import logging
import os
import select
import subprocess
import threading


def announce():
    logging.warning("starting the converter")


def chatter():
    logging.warning("x" * 300_000)


def main():
    _unread, write_end = os.pipe()
    os.dup2(write_end, 2)
    logging.basicConfig()
    threading.Thread(target=chatter, name="chatter", daemon=True).start()
    while select.select([], [2], [], 0)[1]:
        pass
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    subprocess.Popen(["true"], preexec_fn=announce)


main()
