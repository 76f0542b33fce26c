"""Workers wait for a multiprocessing.Event that nobody sets."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["work"]
# ///

import multiprocessing
import os
import threading


def work(go):
    go.wait()


def main():
    context = multiprocessing.get_context("fork")
    go = context.Event()
    workers = [context.Process(target=work, args=(go,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    for worker in workers:
        worker.join()


main()
