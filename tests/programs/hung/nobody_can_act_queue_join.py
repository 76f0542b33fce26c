"""queue.join() while the worker forgets task_done()."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["main"]
# ///

import os
import queue
import threading

jobs = queue.Queue()


def work():
    while True:
        jobs.get()


def main():
    threading.Thread(target=work, name="worker", daemon=True).start()
    for number in range(3):
        jobs.put(number)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    jobs.join()


main()
