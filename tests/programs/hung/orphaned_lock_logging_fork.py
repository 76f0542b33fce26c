"""os.fork while another thread is blocked in a log call to a full stderr pipe."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["handle_request"]
# ///

import logging
import os
import select
import threading
import warnings


def handle_request():
    logging.warning("handling")


def chatter():
    logging.warning("x" * 300_000)


def main():
    _unread, write_end = os.pipe()
    os.dup2(write_end, 2)
    logging.basicConfig()
    threading.Thread(target=chatter, name="chatter", daemon=True).start()
    while select.select([], [2], [], 0)[1]:
        pass

    # Shown for __main__ only: it would stop the parent at the same lock (3.12 and later).
    warnings.simplefilter("ignore", DeprecationWarning)
    child = os.fork()
    if child == 0:
        handle_request()
        os._exit(0)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
