"""A queue's mutex, a plain lock, is held by a thread of the parent at the fork."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["handle_order"]
# ///

import logging
import logging.handlers
import os
import queue
import threading

records = queue.Queue()
inspecting = threading.Event()


def inspect():
    with records.mutex:
        inspecting.set()
        threading.Event().wait(3600)


def handle_order():
    logging.warning("order")


def main():
    logging.getLogger().addHandler(logging.handlers.QueueHandler(records))
    threading.Thread(target=inspect, name="inspector", daemon=True).start()
    inspecting.wait()
    child = os.fork()
    if child == 0:
        handle_order()
        os._exit(0)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
