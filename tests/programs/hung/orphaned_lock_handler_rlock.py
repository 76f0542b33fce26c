"""A logging handler with a lock that logging does not know of, held at the fork."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["handle_order"]
# ///

import logging
import os
import threading

emitting = threading.Event()


class ShippingHandler(logging.Handler):
    def createLock(self):
        self.lock = threading.RLock()

    def emit(self, record):
        if record.threadName == "shipper":
            emitting.set()
            threading.Event().wait(3600)


def ship():
    logging.warning("a slow collector")


def handle_order():
    logging.warning("order")


def main():
    logging.getLogger().addHandler(ShippingHandler())
    threading.Thread(target=ship, name="shipper", daemon=True).start()
    emitting.wait()
    child = os.fork()
    if child == 0:
        handle_order()
        os._exit(0)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
