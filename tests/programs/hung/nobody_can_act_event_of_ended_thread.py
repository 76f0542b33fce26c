"""A thread fails before it sets its Event; the main thread waits for it to be ready."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["wait_until_ready"]
# ///

import os
import threading


class Connection(threading.Thread):
    def __init__(self):
        super().__init__(name="connection", daemon=True)
        self.ready = threading.Event()

    def run(self):
        os.write(1, b"READY %d\n" % os.getpid())
        raise ConnectionError("refused")

    def wait_until_ready(self):
        self.ready.wait()


connection = Connection()
connection.start()
connection.wait_until_ready()
