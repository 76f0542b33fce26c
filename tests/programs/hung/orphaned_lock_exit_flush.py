"""The child never logs: it hangs at exit, when the interpreter flushes stderr.

It shows no Python frames any more.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = []
# ///

import logging
import os
import select
import sys
import threading
import warnings


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
        sys.exit(0)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
