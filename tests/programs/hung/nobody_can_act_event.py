"""A worker waits for a start signal that the failed set-up never gives."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["work"]
# ///

import os
import threading

configured = threading.Event()


def work():
    configured.wait()


worker = threading.Thread(target=work, name="worker")
worker.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
worker.join()
