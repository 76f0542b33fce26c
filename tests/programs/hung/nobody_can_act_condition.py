"""A notify that came before the wait: the condition is never notified again."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["wait_for_data"]
# ///

import os
import threading

changed = threading.Condition()


def announce():
    with changed:
        changed.notify_all()


def wait_for_data():
    with changed:
        changed.wait()


announcer = threading.Thread(target=announce)
announcer.start()
announcer.join()
waiter = threading.Thread(target=wait_for_data, name="waiter")
waiter.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
waiter.join()
