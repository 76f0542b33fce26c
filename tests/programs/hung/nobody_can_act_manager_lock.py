"""A process ended with a manager's Lock taken: the manager keeps it for a client that is gone."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["main"]
# ///

import multiprocessing
import os
import threading


def fail(table):
    table.acquire()
    os._exit(1)


def main():
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        table = manager.Lock()
        worker = context.Process(target=fail, args=(table,))
        worker.start()
        worker.join()
        threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
        with table:
            print("written")


main()
