"""A fork from C, without CPython's after-fork handling: the historical logging deadlock."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["handle_order"]
# ///

import ctypes
import logging
import os
import threading

emitting = threading.Event()


class SlowHandler(logging.Handler):
    def emit(self, record):
        if record.threadName == "chatter":
            emitting.set()
            threading.Event().wait(3600)


def chatter():
    logging.warning("a slow collector")


def handle_order():
    logging.warning("order")


def main():
    logging.getLogger().addHandler(SlowHandler())
    threading.Thread(target=chatter, name="chatter", daemon=True).start()
    emitting.wait()
    child = ctypes.PyDLL(None).fork()
    if child == 0:
        handle_order()
        os._exit(0)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
