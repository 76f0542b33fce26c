"""The producer died of an exception; the consumer waits for its sentinel."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["consume"]
# ///

import os
import queue
import sys
import threading

rows = queue.Queue()


def produce():
    rows.put("row")
    sys.exit("no more rows: connection lost")


def consume():
    while rows.get() is not None:
        pass


threads = [threading.Thread(target=work, name=work.__name__) for work in (produce, consume)]
for thread in threads:
    thread.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
for thread in threads:
    thread.join()
