"""Two clients of a manager take its RLocks in opposite order: the circle is inside of the manager."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "nobody-can-act"
# or_rule = "lock-cycle"
# confidence = ["likely", "proven"]
# functions = ["transfer"]
# ///

import multiprocessing
import os
import threading
import time


def transfer(first, second):
    with first:
        time.sleep(0.5)
        with second:
            print("done")


def main():
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        orders, stock = manager.RLock(), manager.RLock()
        clients = [
            context.Process(target=transfer, args=locks)
            for locks in ((orders, stock), (stock, orders))
        ]
        for client in clients:
            client.start()
        threading.Timer(1.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
        for client in clients:
            client.join()


main()
